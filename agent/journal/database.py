"""The one SQLite file of the state folder: its connections, its transactions, and its schema.

Whoever keeps something in it is a repository: a small class that owns its tables' statements (`Cursor`, `Store`, the
journal itself), reads within `reading()` and takes part in somebody's `writing()` with the connection that gives. The
tables themselves are made in `agent.journal.migrations` and nowhere else.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from agent.journal.errors import (
    JournalDamagedError,
    JournalError,
    JournalForeignError,
    JournalReplacedError,
    is_full,
    typed_errors,
)
from agent.journal.log_tail import give_back
from agent.journal.migrations import MIGRATIONS, migrate, version_of

_MEMORY = ":memory:"


class Database:
    """Safe to use from several threads: each has its own connection, writers take turns."""

    def __init__(self, place: str, *, readonly: bool) -> None:
        self.place = place
        self.readonly = readonly
        self._shared = connect(_MEMORY, readonly=False) if place == _MEMORY else None
        self._turn = threading.RLock()
        self._own = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._closed = False
        self._files: tuple[object, object] = (None, None)

    @classmethod
    def open(cls, path: str | Path, *, readonly: bool = False) -> Self:
        """The database at `path`, made or brought up to date where need be; `:memory:` leaves nothing behind.

        Raises `JournalDamagedError`, `JournalForeignError` for one of a newer version, `JournalFullError` or
        `JournalError`.
        """
        place = str(path)
        if place != _MEMORY and not readonly:
            create_file(Path(place))
        if place != _MEMORY and os.path.exists(place) and not os.path.isfile(place):
            # SQLite would wait for whoever writes to a pipe.
            raise JournalError(f"{place}: no ordinary file")
        database = cls(place, readonly=readonly)
        try:
            database._prepare()
        except BaseException:
            database.close()
            raise
        return database

    def _prepare(self) -> None:
        with self.reading() as connection:
            try:
                if not self.readonly:
                    migrate(connection)
                    _let_shrink(connection)
                elif version_of(connection) < len(MIGRATIONS):
                    self._shared = _migrated_copy(connection)
            except (JournalDamagedError, JournalForeignError) as error:
                raise type(error)(f"{self.place}: {error}") from None
        self._files = self._identities()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, for reading."""
        if self._shared is None:
            with typed_errors(self.place):
                yield self._connection()
        else:
            with self._turn, typed_errors(self.place):
                yield self._shared

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """One atomic, durable step. Raises `JournalFullError` or another `JournalError`; then nothing of it happened.

        One that is not `durable` survives the end of every process, and is lost when the power fails before the next
        durable one.

        Raises `JournalReplacedError` where the file that is open is not the one that bears its name any more: what
        would be written could be read by nobody.
        """
        with self._turn, self.reading() as connection, self._synchronous(connection, durable):
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._check_files()
                yield connection
                connection.execute("COMMIT")
            except BaseException as error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if is_full(error) and self._shared is None:
                    give_back(connection, Path(f"{self.place}-wal"))
                raise

    @contextmanager
    def _synchronous(self, connection: sqlite3.Connection, durable: bool) -> Iterator[None]:
        if durable:
            yield
            return
        connection.execute("PRAGMA synchronous = NORMAL")
        try:
            yield
        finally:
            connection.execute("PRAGMA synchronous = FULL")

    def _check_files(self) -> None:
        if self._shared is not None:
            return
        known, now = self._files, self._identities()
        if known[1] is None:
            self._files = now
        if now[0] != known[0] or (known[1] is not None and now[1] != known[1]):
            what = "deleted" if now[0] is None or now[1] is None else "replaced"
            raise JournalReplacedError(f"{self.place}: the file was {what} while it was in use")

    def _identities(self) -> tuple[object, object]:
        return _identity(self.place), _identity(self.place + "-wal")

    def limit(self, size: int) -> None:
        """How large the file may become, in bytes; from there on writing by this thread raises `JournalFullError`."""
        with self.reading() as connection:
            (page,) = connection.execute("PRAGMA page_size").fetchone()
            connection.execute(f"PRAGMA max_page_count = {max(1, size // page)}")

    def release(self) -> None:
        """Close the calling thread's connection; a thread that ends calls this."""
        connection = getattr(self._own, "connection", None)
        if connection is not None:
            del self._own.connection
            with self._turn:
                self._open = [other for other in self._open if other is not connection]
            connection.close()

    def close(self) -> None:
        """Close every connection; stop the senders first."""
        with self._turn:
            self._closed = True
            for connection in [*self._open, *([self._shared] if self._shared else [])]:
                connection.close()
            self._open.clear()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            if self._closed:
                raise JournalError(f"{self.place}: closed")
            path = Path(self.place).absolute()
            mode = "mode=ro" if self.readonly else "mode=rw"
            if self.readonly and _is_still(path):
                mode = "immutable=1"
            connection = connect(f"{path.as_uri()}?{mode}", readonly=self.readonly)
            self._own.connection = connection
            with self._turn:
                self._open.append(connection)
        return connection


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
    """A connection to a `file:` URI, to `:memory:` or, for an empty text, to a file without a name; in autocommit
    mode, with full durability."""
    connection = sqlite3.connect(
        location, uri=location.startswith("file:"), isolation_level=None, timeout=10, check_same_thread=False
    )
    try:
        # The file is read in sequence: SQLite's default cache of 2 MB per thread buys nothing.
        connection.execute("PRAGMA cache_size = -512")
        if readonly:
            connection.execute("PRAGMA query_only = ON")
        else:
            # Before anything is written to a new file, or it has no effect: room that is cut goes back to the disk.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA journal_size_limit = 4194304")
            # Half of the default: moving the log into the file is what a step waits for longest.
            connection.execute("PRAGMA wal_autocheckpoint = 500")
    except BaseException:
        connection.close()
        raise
    return connection


def _let_shrink(connection: sqlite3.Connection) -> None:
    """Rewrite a file of version 0.1.0, which could only grow, once; without room for that it stays as it is."""
    if connection.execute("PRAGMA auto_vacuum").fetchone()[0] == 0:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        with suppress(sqlite3.OperationalError):
            connection.execute("VACUUM")


def _is_still(path: Path) -> bool:
    """Whether nobody can write there, as on a medium that was handed in: SQLite must not try to lock it."""
    log = path.with_name(f"{path.name}-wal")
    return not os.access(path.parent, os.W_OK) and not (log.exists() and log.stat().st_size)


def _migrated_copy(connection: sqlite3.Connection) -> sqlite3.Connection:
    """What an older version wrote, as this one would keep it; who only reads must not change the original."""
    copy = connect("", readonly=False)
    connection.backup(copy)
    migrate(copy)
    return copy


def _identity(place: str) -> object:
    try:
        found = os.stat(place, follow_symlinks=False)
    except OSError:
        return None
    return found.st_dev, found.st_ino
