"""A step that found no room gives back what it had written, and takes nothing from anybody."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.journal.errors import JournalFullError
from agent.journal.journal import Journal
from agent.journal.log_tail import give_back

ENDPOINT = "e" * 32


def append(journal: Journal, count: int) -> None:
    with journal.transaction() as step:
        for number in range(count):
            step.append("notice", {"kind": "diagnostic", "id": str(number), "pad": "p" * 1000})


def fail(journal: Journal) -> None:
    """A step too large for the file, most of which is already in the log when that shows."""
    with journal.reading() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    journal.database.limit(pages * size + 1_500_000)
    with pytest.raises(JournalFullError):
        append(journal, 3_000)
    journal.database.limit(1 << 30)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(tmp_path / "journal.db", ENDPOINT)
    yield journal
    journal.close()


def test_the_log_is_no_longer_than_before(journal: Journal, tmp_path: Path) -> None:
    append(journal, 10)
    before = (tmp_path / "journal.db-wal").stat().st_size
    fail(journal)
    assert (tmp_path / "journal.db-wal").stat().st_size == before
    append(journal, 1)
    assert journal.verify().entries == 11


def test_nor_is_one_that_begins_anew(journal: Journal, tmp_path: Path) -> None:
    append(journal, 300)
    with journal.reading() as connection:
        assert connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()[0] == 0
    before = (tmp_path / "journal.db-wal").stat().st_size
    fail(journal)
    assert (tmp_path / "journal.db-wal").stat().st_size <= before
    append(journal, 1)
    assert journal.verify().entries == 301


def test_what_another_process_writes_meanwhile_stays(journal: Journal, tmp_path: Path) -> None:
    other = Journal.open(tmp_path / "journal.db", ENDPOINT)
    order, count = random.Random(7), 0
    for _ in range(12):
        for one in order.sample((journal, other), 2):
            if order.random() < 0.3:
                fail(one)
            size = order.choice((1, 1, 5, 200))
            append(one, size)
            count += size
        assert journal.head() == other.head()
    other.close()
    result = journal.verify()
    assert result.ok and result.entries == count
    journal.close()
    assert Journal.open(tmp_path / "journal.db", ENDPOINT, readonly=True).verify().entries == count


def test_a_damaged_log_is_left_alone(journal: Journal, tmp_path: Path) -> None:
    append(journal, 3)
    log = tmp_path / "other-wal"
    for content in (b"", b"x" * 31, b"\0" * 5000, b"\xff" * 100):
        log.write_bytes(content)
        with journal.reading() as connection:
            give_back(connection, log)
        assert log.read_bytes()[:32] == content[:32]
    log.unlink()
    with journal.reading() as connection:
        give_back(connection, log)
    assert not log.exists() and journal.verify().entries == 3


@pytest.mark.usefixtures("as_root")
def test_a_small_disk_has_its_room_back(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("tmpfs cannot be mounted here")
    try:
        journal = Journal.open(disk / "journal.db", ENDPOINT)
        append(journal, 100)
        for _ in range(3):
            with pytest.raises(JournalFullError):
                append(journal, 3_000)
            assert shutil.disk_usage(disk).free > 1 << 20
            append(journal, 10)
        assert journal.verify().entries == 130
        journal.close()
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
