from __future__ import annotations

import random
import shutil
import sqlite3
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.delivery.cursor import Cursor
from agent.journal.entry import Line, link
from agent.journal.errors import JournalError
from agent.journal.journal import Journal
from agent.journal.verify import VerifyResult

ENDPOINT = "e" * 32
COUNT = 12


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of a dozen entries, closed."""
    file = tmp_path / "j.db"
    journal = Journal.open(file, ENDPOINT)
    with journal.transaction() as tx:
        for number in range(COUNT):
            tx.append("discovered", {"kind": "ai_agent", "id": f"{number:04}"})
    Cursor(journal, "central").accept(COUNT)
    assert journal.verify() == VerifyResult(True, COUNT)
    journal.close()
    return file


def tampered(path: Path, *statements: tuple[str, tuple[object, ...]]) -> VerifyResult:
    with sqlite3.connect(path) as raw:
        for sql, values in statements:
            raw.execute(sql, values)
    journal = Journal.open(path, ENDPOINT, readonly=True)
    try:
        return journal.verify()
    finally:
        journal.close()


def cell(path: Path, column: str, seq: int) -> bytes:
    with sqlite3.connect(path) as raw:
        return bytes(raw.execute(f"SELECT {column} FROM entries WHERE seq = ?", (seq,)).fetchone()[0])


@pytest.mark.parametrize("column", ["body", "hash"])
def test_any_flipped_byte_of_an_entry_is_found_and_the_entry_named(path: Path, column: str) -> None:
    whole = cell(path, column, 5)
    journal = Journal.open(path, ENDPOINT)
    for position in range(len(whole)):
        bad = bytearray(whole)
        bad[position] ^= 0x01
        with journal.transaction() as tx:
            tx.connection.execute(f"UPDATE entries SET {column} = ? WHERE seq = 5", (bytes(bad),))
        result = journal.verify()
        assert (result.ok, result.entries, result.first_bad) == (False, 4, 5), position
    journal.close()


@pytest.mark.parametrize("seq", [1, COUNT])
def test_the_first_and_the_last_entry_are_covered_too(path: Path, seq: int) -> None:
    body = cell(path, "body", seq).replace(b"ai_agent", b"ai_agenT")
    assert tampered(path, ("UPDATE entries SET body = ? WHERE seq = ?", (body, seq))).first_bad == seq


def test_a_changed_number_is_found(path: Path) -> None:
    assert tampered(path, ("UPDATE entries SET seq = 99 WHERE seq = 5", ())).first_bad == 5


@pytest.mark.parametrize(("sql", "bad"), [
    ("UPDATE meta SET head_hash = zeroblob(32)", COUNT),
    ("UPDATE meta SET head_seq = head_seq + 1", COUNT + 1),
    ("UPDATE meta SET head_seq = head_seq - 1", COUNT),
    ("UPDATE meta SET chain = replace(chain, substr(chain, 1, 1), 'x')", 1),
])  # fmt: skip
def test_a_changed_head_or_chain_name_is_found(path: Path, sql: str, bad: int) -> None:
    assert tampered(path, (sql, ())).first_bad == bad


def test_a_missing_last_entry_is_found(path: Path) -> None:
    result = tampered(path, ("DELETE FROM entries WHERE seq = ?", (COUNT,)))
    assert (result.ok, result.first_bad) == (False, COUNT)


def test_a_cut_off_end_with_a_corrected_head_shows_in_what_was_delivered(path: Path) -> None:
    head = cell(path, "hash", COUNT - 1)
    cut = ("DELETE FROM entries WHERE seq = ?", (COUNT,))
    assert tampered(path, cut, ("UPDATE meta SET head_seq = ?, head_hash = ?", (COUNT - 1, head))).first_bad == COUNT


def test_a_missing_entry_in_the_middle_is_found(path: Path) -> None:
    assert tampered(path, ("DELETE FROM entries WHERE seq = 7", ())).first_bad == 7


def test_all_entries_missing_is_found(path: Path) -> None:
    assert tampered(path, ("DELETE FROM entries", ())).first_bad == 1


def test_swapped_entries_are_found(path: Path) -> None:
    swap = [("UPDATE entries SET seq = ? WHERE seq = ?", pair) for pair in ((-1, 4), (4, 8), (8, -1))]
    assert tampered(path, *swap).first_bad == 4


def test_an_entry_added_behind_the_head_is_found(path: Path) -> None:
    body = cell(path, "body", COUNT).replace(b'"seq":12', b'"seq":13')
    row = (COUNT + 1, body, link(cell(path, "hash", COUNT), body))
    assert tampered(path, ("INSERT INTO entries VALUES (?, ?, ?)", row)).first_bad == COUNT + 1


def test_an_entry_with_a_right_hash_and_a_wrong_number_is_found(path: Path) -> None:
    body = cell(path, "body", COUNT).replace(b'"seq":12', b'"seq":11')
    digest = link(cell(path, "hash", COUNT - 1), body)
    assert Line(COUNT, body, digest).entry().seq == 11
    update = ("UPDATE entries SET body = ?, hash = ? WHERE seq = ?", (body, digest, COUNT))
    assert tampered(path, update, ("UPDATE meta SET head_hash = ?", (digest,))).first_bad == COUNT


@pytest.mark.parametrize("value", ["text", 7, 1.5, b"", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_a_malformed_row_is_found_even_with_a_right_hash(path: Path, value: object) -> None:
    digest = link(cell(path, "hash", 5), value) if isinstance(value, bytes) else b""
    update = ("UPDATE entries SET body = ?, hash = ? WHERE seq = 6", (value, digest or cell(path, "hash", 6)))
    assert tampered(path, update).first_bad == 6


def test_a_journal_without_its_tables_is_found(path: Path) -> None:
    assert tampered(path, ("DROP TABLE entries", ())).first_bad == 1


def test_bytes_flipped_anywhere_in_the_file_never_pass_as_different_entries(path: Path, tmp_path: Path) -> None:
    def outcome(file: Path) -> tuple[bool, list[Line]]:
        try:
            journal = Journal.open(file, ENDPOINT, readonly=True)
        except JournalError:
            return False, []
        try:
            ok = journal.verify().ok
            return ok, journal.lines(0) if ok else []
        finally:
            journal.close()

    whole, (ok, lines) = path.read_bytes(), outcome(path)
    assert ok
    dice = random.Random(20261123)
    found = 0
    for _ in range(300):
        bad = bytearray(whole)
        bad[dice.randrange(len(bad))] ^= 1 << dice.randrange(8)
        copy = tmp_path / "copy.db"
        copy.write_bytes(bad)
        good, now = outcome(copy)
        found += not good
        assert not good or now == lines
    assert found > 10  # most of a small file is pages of other tables


def test_a_damaged_page_is_a_result_not_a_crash(path: Path, tmp_path: Path) -> None:
    journal = Journal.open(path, ENDPOINT)
    with journal.transaction() as tx:
        for _ in range(300):
            tx.append("discovered", {"pad": "p" * 400})
    journal.close()
    shutil.copy(path, tmp_path / "copy.db")
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 8192 * 4096
    whole[middle : middle + 4096] = b"\xa5" * 4096
    path.write_bytes(whole)
    result = tampered(path)
    assert not result.ok
    assert result.first_bad == result.entries + 1 > 1


def peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    work()
    size = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return size


def test_memory_does_not_grow_with_the_length_of_the_chain(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "long.db", ENDPOINT)

    def grow(count: int) -> None:
        with journal.transaction() as tx:
            for _ in range(count):
                tx.append("discovered", {"pad": "p" * 500})

    grow(300)
    journal.verify()
    short = peak(journal.verify)
    grow(6000)
    assert peak(journal.verify) < short * 1.5 + 50_000
    journal.close()
