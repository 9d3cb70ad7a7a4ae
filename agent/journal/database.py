"""The SQLite file under the journal: how it is made, opened and guarded, and which errors it gives."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

APPLICATION_ID = 0x52434A31
"""`RCJ1` in the SQLite header: this file is a Rollcall journal."""
FORMAT = 1

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_CANTOPEN,
}

_SCHEMA = """
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
);
"""


class JournalError(Exception):
    """The journal could not be read or written; nothing was half-committed."""


class JournalFull(JournalError):
    """The disk, or the file's allowed size, is full; nothing was half-committed."""


class JournalDamaged(JournalError):
    """The file is no journal any more: overwritten, cut off or edited."""


class JournalForeign(JournalError):
    """A journal of another endpoint or of a newer format; it must not be continued."""


@contextmanager
def typed_errors(place: str) -> Iterator[None]:
    """SQLite's errors as the journal's own; `place` names the file in the message."""
    try:
        yield
    except sqlite3.Error as error:
        code = _code(error)
        if code == sqlite3.SQLITE_FULL:
            raise JournalFull(f"{place}: disk full") from error
        # Text that is no UTF-8 any more is the one operational error without a code.
        if code in _DAMAGE or (code is None and isinstance(error, sqlite3.OperationalError)):
            raise JournalDamaged(f"{place}: not a readable SQLite database") from error
        # The library's own text may quote what it could not read.
        raise JournalError(f"{place}: {getattr(error, 'sqlite_errorname', type(error).__name__)}") from error


def is_passing(error: Exception) -> bool:
    """Whether trying again later may help: the file itself is not shown to be bad."""
    return isinstance(error, sqlite3.Error) and _code(error) in _PASSING


def _code(error: sqlite3.Error) -> int | None:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def create_file(path: Path) -> None:
    """An empty file of mode 0600 in a folder that, when made here, has mode 0700; an existing one is left as it is.

    Raises `JournalError` for a symbolic link or where the file cannot be made.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        os.close(os.open(path, flags, 0o600))
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror}") from error


def connect(location: str, *, readonly: bool) -> sqlite3.Connection:
    """A connection to a `file:` URI or to `:memory:`, in autocommit mode, with full durability."""
    connection = sqlite3.connect(
        location, uri=location != ":memory:", isolation_level=None, timeout=10, check_same_thread=False
    )
    try:
        # The file is small and read in sequence: SQLite's default cache of 2 MB per thread buys nothing.
        connection.execute("PRAGMA cache_size = -512")
        if readonly:
            connection.execute("PRAGMA query_only = ON")
        else:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA journal_size_limit = 4194304")
    except BaseException:
        connection.close()
        raise
    return connection


def prepare(connection: sqlite3.Connection, chain: str, endpoint_id: str, first_hash: bytes) -> None:
    """Make the tables of a new journal, as one step."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not has_schema(connection):
            for statement in _SCHEMA.strip().split(";\n"):
                connection.execute(statement)
            connection.execute("INSERT INTO meta VALUES (1, ?, ?, 0, ?)", (chain, endpoint_id, first_hash))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def has_schema(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def check_format(connection: sqlite3.Connection, place: str) -> None:
    """Raises `JournalDamaged` for some other database, `JournalForeign` for a newer journal."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise JournalDamaged(f"{place}: not a Rollcall journal")
    if connection.execute("PRAGMA user_version").fetchone()[0] != FORMAT:
        raise JournalForeign(f"{place}: written by a newer version of Rollcall")
