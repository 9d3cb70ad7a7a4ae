"""The schema of the database, as numbered steps: each is applied once, in order, and never changed afterwards."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from agent.journal.errors import JournalDamagedError, JournalForeignError

APPLICATION_ID = 0x52434A31
"""`RCJ1` in the SQLite header: this file is a Rollcall journal."""


class Migration(NamedTuple):
    """One step; `fill` computes what a new table must hold for the entries that are there already."""

    statements: str
    fill: Callable[[sqlite3.Connection], None] | None = None


def _index_entries(connection: sqlite3.Connection) -> None:
    """Whose history each entry of an older version belongs to."""
    from agent.journal.subjects import subjects_of

    for seq, body in connection.execute("SELECT seq, body FROM entries"):
        try:
            entry = json.loads(body)
            rows = [(subject, seq) for subject in subjects_of(entry["op"], entry["record"])]
        except (ValueError, TypeError, KeyError):
            # `verify` will name it; a journal is not refused for one entry that nobody can read.
            continue
        connection.executemany("INSERT OR IGNORE INTO subjects VALUES (?, ?)", rows)


MIGRATIONS: tuple[Migration, ...] = (
    # 1: version 0.1.0. Its inventory made the last three tables itself, with the first start.
    Migration("""
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1), chain TEXT NOT NULL, endpoint_id TEXT NOT NULL,
    head_seq INTEGER NOT NULL, head_hash BLOB NOT NULL
);
CREATE TABLE entries (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, hash BLOB NOT NULL);
CREATE TABLE targets (
    name TEXT PRIMARY KEY, done INTEGER NOT NULL, accepted INTEGER NOT NULL, sending INTEGER, last_success TEXT
);
CREATE TABLE dead_letters (
    target TEXT NOT NULL, seq INTEGER NOT NULL, at TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (target, seq)
)"""),
    # 2: the inventory's tables; checkpoints, receipts, and whose history an entry belongs to; dead letters sent again.
    Migration(
        """
CREATE TABLE IF NOT EXISTS facts (scope TEXT PRIMARY KEY, records TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inventory (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
ALTER TABLE meta ADD COLUMN cut_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN cut_hash BLOB;
ALTER TABLE dead_letters ADD COLUMN retry INTEGER NOT NULL DEFAULT 0;
CREATE TABLE checkpoints (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, counts TEXT NOT NULL);
CREATE TABLE receipts (
    target TEXT NOT NULL, day TEXT NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL, at TEXT NOT NULL, signature TEXT,
    PRIMARY KEY (target, day)
) WITHOUT ROWID;
CREATE TABLE subjects (subject BLOB NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (subject, seq)) WITHOUT ROWID;
CREATE INDEX subjects_by_seq ON subjects (seq)""",
        _index_entries,
    ),
    # 3: how far transcripts were read, which of their actions were told, and the counts of hours that are under way.
    Migration("""
CREATE TABLE action_positions (name TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE actions_told (id BLOB PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE action_counts (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID"""),
    # 4: what is usual for each agent, account and project.
    Migration("CREATE TABLE action_profiles (name TEXT PRIMARY KEY, profile TEXT NOT NULL) WITHOUT ROWID"),
    # 5: why delivery to a target does not get on, and since when.
    Migration("CREATE TABLE target_failures (name TEXT PRIMARY KEY, reason TEXT NOT NULL, since TEXT NOT NULL)"),
    # 6: the hashes of entries that were dropped for room.
    Migration("CREATE TABLE dropped (seq INTEGER PRIMARY KEY, hash BLOB NOT NULL)"),
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date, as one step: all of it or nothing. Raises what `version_of` raises."""
    if version_of(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for migration in MIGRATIONS[version_of(connection) :]:
            for statement in migration.statements.strip().split(";\n"):
                connection.execute(statement)
            if migration.fill:
                migration.fill(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def version_of(connection: sqlite3.Connection) -> int:
    """How many migrations the file has behind it; 0 for an empty one.

    Raises `JournalDamagedError` for some other database, `JournalForeignError` for one of a newer version of Rollcall.
    """
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if application != APPLICATION_ID:
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise JournalDamagedError("not a Rollcall journal")
        return 0
    if version > len(MIGRATIONS):
        raise JournalForeignError("written by a newer version of Rollcall")
    return version
