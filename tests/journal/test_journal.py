from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.journal.errors import JournalDamagedError, JournalError, JournalForeignError, JournalFullError
from agent.journal.journal import Journal
from agent.records.change import FieldChange

ENDPOINT = "e" * 32


@pytest.fixture(params=["file", "memory"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "state/journal.db" if request.param == "file" else ":memory:", ENDPOINT)
    yield opened
    opened.close()


def append(journal: Journal, count: int, **record: object) -> None:
    with journal.transaction() as tx:
        for number in range(count):
            tx.append("discovered", {"id": str(number), **record})


def test_entries_are_numbered_from_one_and_read_back_as_they_were_appended(journal: Journal) -> None:
    at = datetime(2026, 11, 23, 8, 30, 0, 120000, tzinfo=UTC)
    with journal.transaction() as tx:
        first = tx.append("changed", {"id": "a", "n": 1.5}, (FieldChange(field="n", before=1, after=1.5),), at).entry()
        second = tx.append("heartbeat").entry()
    assert (first.seq, second.seq, first.at, first.chain) == (1, 2, at, journal.chain)
    assert journal.read(0) == [first, second]
    assert journal.head() == (2, bytes.fromhex(second.hash))


def test_a_failed_step_leaves_neither_entries_nor_other_tables_behind(journal: Journal) -> None:
    append(journal, 3)
    before = journal.head()
    with pytest.raises(ZeroDivisionError), journal.transaction() as tx:
        tx.connection.execute("CREATE TABLE extra (id TEXT)")
        tx.append("discovered", {"id": "x"})
        raise ZeroDivisionError
    assert journal.head() == before
    with journal.reading() as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'extra'").fetchone() == (0,)
    append(journal, 1)
    assert [entry.seq for entry in journal.read(0)] == [1, 2, 3, 4]
    assert journal.verify().ok


def test_reading_is_bounded_by_count_and_bytes_but_never_starves(journal: Journal) -> None:
    append(journal, 10, pad="p" * 1000)
    assert [entry.seq for entry in journal.read(4, limit=3)] == [5, 6, 7]
    assert 1 < len(journal.lines(0, max_bytes=4000)) < 4
    assert [line.seq for line in journal.lines(9, max_bytes=1)] == [10]
    assert journal.lines(10) == []


def test_what_canonical_json_cannot_say_is_bent_not_lost(journal: Journal) -> None:
    with journal.transaction() as tx:
        entry = tx.append("discovered", {"big": 2**64, "nan": float("nan"), "name": "a\udcffb", "ok": 7}).entry()
    assert entry.record == {"big": str(2**64), "nan": None, "name": "a?b", "ok": 7}
    assert journal.read(0) == [entry]
    assert journal.verify().ok


def test_several_threads_append_without_gap(journal: Journal) -> None:
    threads = [threading.Thread(target=lambda: [append(journal, 2) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [line.seq for line in journal.lines(0)] == list(range(1, 161))
    assert journal.verify().entries == 160


def test_a_reader_does_not_see_an_unfinished_step(journal: Journal) -> None:
    inside, read = threading.Event(), threading.Event()
    seen: list[int] = []

    def look() -> None:
        inside.wait(60)
        read.set()
        seen.append(len(journal.lines(0)))

    thread = threading.Thread(target=look)
    thread.start()
    with pytest.raises(KeyError), journal.transaction() as tx:
        tx.append("notice")
        inside.set()
        read.wait(60)
        raise KeyError
    thread.join()
    assert seen == [0]


def test_file_and_folder_are_for_their_owner_only(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "state/journal.db", ENDPOINT)
    append(journal, 1)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()}
    assert set(modes.values()) == {0o600}
    assert "journal.db-wal" in modes
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    journal.close()


def test_an_existing_folder_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Journal.open(tmp_path / "journal.db", ENDPOINT).close()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_reopened_journal_continues_its_chain(tmp_path: Path) -> None:
    first = Journal.open(tmp_path / "j.db", ENDPOINT)
    append(first, 2)
    chain = first.chain
    first.close()
    second = Journal.open(tmp_path / "j.db", ENDPOINT)
    append(second, 1)
    assert second.chain == chain
    assert second.verify().entries == 3
    second.close()


def test_another_process_reads_and_verifies_while_the_daemon_writes(tmp_path: Path) -> None:
    daemon = Journal.open(tmp_path / "j.db", ENDPOINT)
    append(daemon, 5)
    audit = Journal.open(tmp_path / "j.db", ENDPOINT, readonly=True)
    append(daemon, 1)
    assert audit.verify().entries == 6
    with pytest.raises(JournalError):
        append(audit, 1)
    audit.close()
    daemon.close()


def test_another_endpoint_may_not_continue_the_journal(tmp_path: Path) -> None:
    Journal.open(tmp_path / "j.db", ENDPOINT).close()
    with pytest.raises(JournalForeignError):
        Journal.open(tmp_path / "j.db", "f" * 32)


def test_a_newer_format_is_left_alone(tmp_path: Path) -> None:
    Journal.open(tmp_path / "j.db", ENDPOINT).close()
    with sqlite3.connect(tmp_path / "j.db") as raw:
        raw.execute("PRAGMA user_version = 99")
    with pytest.raises(JournalForeignError):
        Journal.open(tmp_path / "j.db", ENDPOINT)


@pytest.mark.parametrize("content", [b"no database at all\n" * 100, b"SQLite format 3\0" + b"\xff" * 4080])
def test_a_file_that_is_no_database_is_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "j.db").write_bytes(content)
    with pytest.raises(JournalDamagedError):
        Journal.open(tmp_path / "j.db", ENDPOINT)
    assert (tmp_path / "j.db").read_bytes() == content


def test_some_other_database_is_damaged_and_stays_as_it_is(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "j.db") as raw:
        raw.execute("CREATE TABLE precious (x)")
    with pytest.raises(JournalDamagedError):
        Journal.open(tmp_path / "j.db", ENDPOINT)


@pytest.mark.parametrize(
    "sql", ["DELETE FROM meta", "UPDATE meta SET head_hash = x'00'", "UPDATE meta SET chain = x'ff'"]
)
def test_a_journal_without_its_head_or_name_is_damaged(tmp_path: Path, sql: str) -> None:
    journal = Journal.open(tmp_path / "j.db", ENDPOINT)
    append(journal, 1)
    journal.close()
    with sqlite3.connect(tmp_path / "j.db") as raw:
        raw.execute(sql)
    with pytest.raises(JournalDamagedError):
        Journal.open(tmp_path / "j.db", ENDPOINT)


def test_a_symbolic_link_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "j.db").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError):
        Journal.open(tmp_path / "j.db", ENDPOINT)
    assert not (tmp_path / "elsewhere").exists()


def test_a_missing_journal_is_not_made_for_reading(tmp_path: Path) -> None:
    with pytest.raises(JournalError):
        Journal.open(tmp_path / "j.db", ENDPOINT, readonly=True)
    assert not list(tmp_path.iterdir())


def test_a_closed_journal_says_so(journal: Journal) -> None:
    journal.close()
    with pytest.raises(JournalError):
        journal.head()


def fill(journal: Journal) -> None:
    for _ in range(10_000):
        with journal.transaction() as tx:
            tx.connection.execute("INSERT INTO extra VALUES (randomblob(2000))")
            tx.append("discovered", {"pad": "p" * 2000})
            tx.append("discovered", {"pad": "q" * 2000})


def check_whole(journal: Journal) -> int:
    """Entries and facts after a failed step: both or neither."""
    head = journal.head().seq
    with journal.reading() as connection:
        facts = connection.execute("SELECT count(*) FROM extra").fetchone()[0]
    assert head == facts * 2 > 0
    assert journal.verify().entries == head
    return head


def test_a_full_database_raises_and_nothing_is_half_committed(journal: Journal) -> None:
    with journal.transaction() as tx:
        tx.connection.execute("CREATE TABLE extra (x)")
    with journal.reading() as connection:
        connection.execute("PRAGMA max_page_count = 60")
    with pytest.raises(JournalFullError):
        fill(journal)
    head = check_whole(journal)
    with journal.reading() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    append(journal, 1)
    assert journal.verify().entries == head + 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk_raises_and_writing_goes_on_once_there_is_room(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("tmpfs cannot be mounted here")
    try:
        (disk / "ballast").write_bytes(b"b" * 300_000)
        journal = Journal.open(disk / "j.db", ENDPOINT)
        with journal.transaction() as tx:
            tx.connection.execute("CREATE TABLE extra (x)")
        with pytest.raises(JournalFullError):
            fill(journal)
        head = check_whole(journal)
        (disk / "ballast").unlink()
        append(journal, 1)
        assert journal.verify().entries == head + 1
        journal.close()
    finally:
        subprocess.run(["umount", str(disk)], check=True)
