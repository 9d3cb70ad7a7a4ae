"""The log of everything that happened: audit trail and outbox in one append-only, hash-chained SQLite file."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

from agent.governance.evidence import evidence_for
from agent.journal.database import (
    JournalDamaged,
    JournalError,
    JournalForeign,
    JournalFull,
    check_format,
    connect,
    create_file,
    has_schema,
    prepare,
    typed_errors,
)
from agent.journal.entry import Change, Entry, Line, Op, canonical, genesis, link
from agent.journal.verify import VerifyResult, verify_chain

FILE = "journal.db"
"""Name of the journal in the state folder."""

__all__ = [
    "FILE",
    "Change",
    "Entry",
    "Head",
    "Journal",
    "JournalDamaged",
    "JournalError",
    "JournalForeign",
    "JournalFull",
    "Line",
    "Op",
    "Transaction",
    "VerifyResult",
]


class Head(NamedTuple):
    """The last entry; `seq` is 0 and `hash` the genesis in an empty journal."""

    seq: int
    hash: bytes


class Transaction:
    """One step: what is appended here and written through `connection` is committed together or not at all."""

    def __init__(self, connection: sqlite3.Connection, chain: str, head: Head) -> None:
        self.connection = connection
        self._chain = chain
        self._head = head

    def append(
        self,
        op: Op,
        record: dict[str, Any] | None = None,
        changes: tuple[Change, ...] = (),
        at: datetime | None = None,
    ) -> Entry:
        """The next entry; `at` is the time of the event, by default now."""
        seq = self._head.seq + 1
        body = canonical(
            seq=seq,
            at=at or datetime.now(UTC),
            op=op,
            record=record,
            changes=changes,
            controls=evidence_for(record),
            chain=self._chain,
        )
        line = Line(seq, body, link(self._head.hash, body))
        self.connection.execute("INSERT INTO entries VALUES (?, ?, ?)", line)
        self.connection.execute("UPDATE meta SET head_seq = ?, head_hash = ?", (seq, line.hash))
        self._head = Head(seq, line.hash)
        return line.entry()


class Journal:
    """Safe to use from several threads: each has its own connection, writers take turns."""

    def __init__(self, place: str, *, readonly: bool) -> None:
        self._place = place
        self._readonly = readonly
        self._memory = connect(":memory:", readonly=False) if place == ":memory:" else None
        self._turn = threading.RLock()
        self._own = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._closed = False
        self.chain = ""
        self.endpoint_id = ""

    @classmethod
    def open(cls, path: str | Path, endpoint_id: str, *, readonly: bool = False) -> Self:
        """The journal at `path`, made when missing; `:memory:` gives one that leaves nothing behind.

        Raises `JournalDamaged` when the file is no usable journal, `JournalForeign` when it belongs to another
        endpoint, `JournalFull` on a full disk and `JournalError` for anything else.
        """
        place = str(path)
        if place != ":memory:" and not readonly:
            create_file(Path(place))
        journal = cls(place, readonly=readonly)
        try:
            journal._load(endpoint_id)
        except BaseException:
            journal.close()
            raise
        return journal

    def _load(self, endpoint_id: str) -> None:
        with self.reading() as connection:
            if not self._readonly and not has_schema(connection):
                chain = str(uuid.uuid4())
                prepare(connection, chain, endpoint_id, genesis(chain))
            check_format(connection, self._place)
            row = connection.execute("SELECT chain, endpoint_id FROM meta").fetchone()
            if row is None or not all(isinstance(value, str) for value in row):
                raise JournalDamaged(f"{self._place}: the journal has lost its name")
            self.chain, self.endpoint_id = row
            if self.endpoint_id != endpoint_id:
                raise JournalForeign(f"{self._place}: the journal of another endpoint")
            _head(connection, self._place)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, for reading."""
        if self._memory is None:
            with typed_errors(self._place):
                yield self._connection()
        else:
            with self._turn, typed_errors(self._place):
                yield self._memory

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One atomic, durable step. Raises `JournalFull` or another `JournalError`; then nothing of it happened."""
        with self._turn, self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(connection, self.chain, _head(connection, self._place))
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def head(self) -> Head:
        with self.reading() as connection:
            return _head(connection, self._place)

    def hash_at(self, seq: int) -> bytes:
        """The hash of one entry; of the genesis for 0. Raises `JournalDamaged` where there is no such entry."""
        if seq == 0:
            return genesis(self.chain)
        with self.reading() as connection:
            row = connection.execute("SELECT hash FROM entries WHERE seq = ?", (seq,)).fetchone()
        if row is None:
            raise JournalDamaged(f"{self._place}: entry {seq} is missing")
        return bytes(row[0])

    def lines(self, after_seq: int, limit: int = 500, max_bytes: int = 900_000) -> list[Line]:
        """Entries as they are sent, at most `limit` and `max_bytes`, but at least one where there is one.

        Raises `JournalDamaged` where an entry is missing or is no bytes.
        """
        found: list[Line] = []
        size = 0
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT seq, body, hash FROM entries WHERE seq > ? ORDER BY seq LIMIT ?", (after_seq, limit)
            )
            for expected, (seq, body, digest) in enumerate(rows, after_seq + 1):
                if seq != expected or not isinstance(body, bytes) or not isinstance(digest, bytes):
                    raise JournalDamaged(f"{self._place}: entry {expected} is missing or malformed")
                size += len(body) + 1
                if found and size > max_bytes:
                    break
                found.append(Line(seq, body, digest))
        return found

    def read(self, after_seq: int, limit: int = 500, max_bytes: int = 900_000) -> list[Entry]:
        """Like `lines`, parsed."""
        try:
            return [line.entry() for line in self.lines(after_seq, limit, max_bytes)]
        except ValueError as error:
            raise JournalDamaged(f"{self._place}: an entry after {after_seq} is malformed") from error

    def verify(self) -> VerifyResult:
        """Walk the whole chain in bounded memory and name the first bad entry."""
        try:
            with self.reading() as connection:
                return verify_chain(connection)
        except JournalDamaged as error:
            return VerifyResult(ok=False, entries=0, first_bad=1, reason=str(error))

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
            for connection in [*self._open, *([self._memory] if self._memory else [])]:
                connection.close()
            self._open.clear()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            if self._closed:
                raise JournalError(f"{self._place}: closed")
            connection = connect(Path(self._place).absolute().as_uri() + "?mode=rw", readonly=self._readonly)
            self._own.connection = connection
            with self._turn:
                self._open.append(connection)
        return connection


def _head(connection: sqlite3.Connection, place: str) -> Head:
    row = connection.execute("SELECT head_seq, head_hash FROM meta").fetchone()
    if row is None or not isinstance(row[0], int) or not isinstance(row[1], bytes) or len(row[1]) != 32:
        raise JournalDamaged(f"{place}: the journal has lost its head")
    return Head(row[0], row[1])
