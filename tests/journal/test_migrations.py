from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent.delivery.cursor import Cursor
from agent.inventory.inventory import Inventory
from agent.inventory.store import Store
from agent.journal.database import Database
from agent.journal.errors import JournalDamagedError, JournalError, JournalForeignError
from agent.journal.journal import Journal
from agent.journal.migrations import MIGRATIONS
from agent.journal.subjects import subject_key

OLD = Path(__file__).parents[1] / "data/journal-0.1.0.db.gz"
"""What version 0.1.0 left in its state folder after a dozen seconds with a collector that refused three entries."""
ENDPOINT = "349ea13e1f78494e22500dd94a0014c2"
COUNT = 64


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    path.write_bytes(gzip.decompress(OLD.read_bytes()))
    return path


def columns(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as raw:
        tables = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
        return {table: [row[1:] for row in raw.execute(f"PRAGMA table_info({table})")] for table in tables}


def test_a_journal_of_version_0_1_0_opens_verifies_and_goes_on(old: Path) -> None:
    journal = Journal.open(old, ENDPOINT)
    before = [line.hash for line in journal.lines(0)]
    assert len(before) == COUNT
    assert journal.verify().entries == COUNT
    with journal.transaction() as step:
        step.append("notice", {"kind": "diagnostic"})
    assert journal.verify().entries == COUNT + 1
    assert [line.hash for line in journal.lines(0)][:COUNT] == before
    assert Cursor(journal, "central").load().accepted == COUNT
    assert [letter.seq for letter in Cursor(journal, "central").dead_letters()] == [54, 56, 57]
    inventory = Store(journal).load(lambda facts, current: current, {"configs", "host", "processes"})
    assert isinstance(inventory, Inventory)
    assert len(inventory.all()) == 24
    journal.close()


def test_the_history_of_its_records_can_be_found(old: Path) -> None:
    journal = Journal.open(old, ENDPOINT)
    told = [entry for entry in journal.read(0) if entry.op == "changed" and entry.record]
    assert told
    for entry in told:
        with journal.reading() as connection:
            rows = connection.execute(
                "SELECT seq FROM subjects WHERE subject = ?", (subject_key((entry.record or {})["id"]),)
            ).fetchall()
        assert (entry.seq,) in rows
        assert len(rows) >= 2
    journal.close()


def test_whoever_only_reads_leaves_it_as_it_is(old: Path) -> None:
    before = old.read_bytes()
    journal = Journal.open(old, ENDPOINT, readonly=True)
    assert journal.verify().entries == COUNT
    journal.close()
    assert old.read_bytes() == before


def test_an_old_file_and_a_new_one_have_the_same_tables(old: Path, tmp_path: Path) -> None:
    Database.open(old).close()
    Database.open(tmp_path / "new.db").close()
    assert columns(old) == columns(tmp_path / "new.db")
    with closing(sqlite3.connect(old)) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert raw.execute("PRAGMA auto_vacuum").fetchone() == (2,)


def test_a_migration_that_fails_leaves_nothing_behind(old: Path) -> None:
    with closing(sqlite3.connect(old)) as raw:
        raw.execute("CREATE TABLE receipts (x)")
    before = columns(old)
    with pytest.raises(JournalError):
        Database.open(old)
    assert columns(old) == before


def test_a_newer_one_and_a_strange_one_are_refused(old: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(old)) as raw:
        raw.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(JournalForeignError, match="newer version"):
        Database.open(old)
    with closing(sqlite3.connect(tmp_path / "strange.db")) as raw:
        raw.execute("CREATE TABLE x (y)")
    with pytest.raises(JournalDamagedError, match="not a Rollcall journal"):
        Database.open(tmp_path / "strange.db")
