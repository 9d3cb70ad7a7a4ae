"""Where the trial receiver keeps what it took: one SQLite file, or PostgreSQL, which several receivers may share."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol


class Database(Protocol):
    """Statements with `?` for each value. One thread at a time."""

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any: ...

    def transaction(self) -> Any:
        """A context: alone from its begin to its commit."""


def open_database(place: str, schema: str) -> Database:
    """`place` is a file, or `postgresql://…`."""
    return _PostgreSQL(place, schema) if place.startswith("postgresql:") else _SQLite(place, schema)


class _SQLite:
    def __init__(self, path: str, schema: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; {schema}")

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        return self._db.execute(statement, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            yield


class _PostgreSQL:
    def __init__(self, place: str, schema: str) -> None:
        import psycopg

        self._db = psycopg.connect(place, autocommit=True)
        with self.transaction():
            for statement in schema.replace("BLOB", "BYTEA").split(";"):
                self._db.execute(statement)

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        return self._db.execute(statement.replace("?", "%s"), values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._db.transaction():
            # Another receiver may be given the same batch at the same moment.
            self._db.execute("SELECT pg_advisory_xact_lock(1)")
            yield
