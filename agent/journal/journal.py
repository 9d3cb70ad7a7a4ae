"""The log of everything that happened: audit trail and outbox, append-only and hash-chained."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

from pydantic_core import from_json

from agent.journal.database import Database
from agent.journal.dropped import all_entries, are_dropped
from agent.journal.entry import Entry, Line, Op, canonical, genesis, link, wire_time
from agent.journal.errors import JournalDamagedError, JournalForeignError, JournalReplacedError
from agent.journal.head_file import HeadFile, KnownHead
from agent.journal.span import Span, begin_span, kind_of, read_span
from agent.journal.subjects import subjects_of
from agent.journal.verify import VerifyResult, verify_chain
from agent.records import Checkpoint
from agent.records.change import FieldChange

FILE = "journal.db"
"""Name of the journal in the state folder."""


class Head(NamedTuple):
    """The last entry; `seq` is 0 and `hash` the genesis in an empty journal."""

    seq: int
    hash: bytes


class Transaction:
    """One step: what is appended here and written through `connection` is committed together or not at all."""

    def __init__(self, connection: sqlite3.Connection, chain: str, head: Head, known: Span) -> None:
        """`known` is the span as it was the last time, perhaps before others appended."""
        self.connection = connection
        self.chain = chain
        self.head = head
        self._known = known
        self._span: Span | None = None

    @property
    def span(self) -> Span:
        """The entries since the last checkpoint. Who only moves a cursor need not read them and keep others waiting."""
        if self._span is None:
            is_known = self._known.head_seq == self.head.seq
            self._span = self._known.copy() if is_known else read_span(self.connection)
        return self._span

    @span.setter
    def span(self, span: Span) -> None:
        self._span = span

    def append(
        self,
        op: Op,
        record: dict[str, Any] | None = None,
        changes: tuple[FieldChange, ...] = (),
        at: datetime | None = None,
        controls: tuple[str, ...] = (),
    ) -> Line:
        """The next entry; `at` is the time of the event, by default now, `controls` what it is evidence for."""
        span, seq, when = self.span, self.head.seq + 1, at or datetime.now(UTC)
        body = canonical(seq=seq, at=when, op=op, record=record, changes=changes, controls=controls, chain=self.chain)
        line = Line(seq, body, link(self.head.hash, body))
        self.connection.execute("INSERT INTO entries VALUES (?, ?, ?)", line)
        for subject in subjects_of(op, record):
            self.connection.execute("INSERT OR IGNORE INTO subjects VALUES (?, ?)", (subject, seq))
        self.head = Head(seq, line.hash)
        if op == "checkpoint":
            row = (seq, wire_time(when), json.dumps(span.kinds))
            self.connection.execute("INSERT INTO checkpoints VALUES (?, ?, ?)", row)
            self.span = begin_span(*self.head)
        else:
            span.add(*self.head, kind_of(record))
        return line


class Journal:
    """Entries, in order. One process appends; others may read, and keep their own tables in the same database."""

    def __init__(self, database: Database, head_file: HeadFile | None) -> None:
        self.database = database
        self._head_file = head_file
        self._span = Span()
        self.chain = ""
        self.endpoint_id = ""

    @classmethod
    def open(cls, path: str | Path, endpoint_id: str, *, readonly: bool = False, anew: bool = False) -> Self:
        """The journal at `path`, made when missing; `:memory:` gives one that leaves nothing behind.

        Raises `JournalReplacedError` when it is not the one that was written last (`anew` knows that),
        `JournalDamagedError` when the file is no usable journal, `JournalForeignError` when it belongs to another
        endpoint or a newer version, `JournalFullError` on a full disk and `JournalError` for anything else.
        """
        place = str(path)
        head_file = None if place == ":memory:" else HeadFile(Path(place).with_suffix(".head"))
        # Read before the database: whoever writes meanwhile only makes that one longer.
        known = head_file.read() if head_file and not anew else None
        if known and not readonly and not _has_content(Path(place)):
            raise JournalReplacedError(f"{place}: the file is gone")
        journal = cls(Database.open(path, readonly=readonly), None if readonly else head_file)
        try:
            journal._load(endpoint_id, made=known is None)
            if known and not readonly:
                journal.check_known(known)
        except BaseException:
            journal.close()
            raise
        return journal

    def _load(self, endpoint_id: str, *, made: bool) -> None:
        if made and not self.database.readonly:
            self._name(endpoint_id)
        with self.reading() as connection:
            row = connection.execute("SELECT chain, endpoint_id FROM meta").fetchone()
            if row is None or not all(isinstance(value, str) for value in row):
                raise JournalDamagedError(f"{self._place}: the journal has lost its name")
            self.chain, self.endpoint_id = row
            if self.endpoint_id != endpoint_id:
                raise JournalForeignError(f"{self._place}: the journal of another endpoint")
            _head(connection, self._place)

    def _name(self, endpoint_id: str) -> None:
        """Give a new journal its chain."""
        with self.database.writing() as connection:
            used = "SELECT EXISTS (SELECT 1 FROM meta UNION ALL SELECT 1 FROM targets UNION ALL SELECT 1 FROM entries)"
            if not connection.execute(used).fetchone()[0]:
                chain = str(uuid.uuid4())
                row = (chain, endpoint_id, genesis(chain))
                connection.execute(
                    "INSERT INTO meta (id, chain, endpoint_id, head_seq, head_hash) VALUES (1, ?, ?, 0, ?)", row
                )

    @property
    def _place(self) -> str:
        return self.database.place

    def check_known(self, known: KnownHead) -> None:
        """Raises `JournalReplacedError` where this is not the journal with that head, or a later state of it."""
        if known.chain != self.chain:
            raise JournalReplacedError(f"{self._place}: another journal, chain {self.chain} in place of {known.chain}")
        if known.seq > self.head().seq:
            raise JournalReplacedError(
                f"{self._place}: an older state, {self.head().seq} entries in place of {known.seq}"
            )
        if known.seq >= self.cut().seq and self.hash_at(known.seq) != known.hash:
            raise JournalReplacedError(
                f"{self._place}: another history, entry {known.seq} is not the one that was written"
            )

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, for reading."""
        with self.database.reading() as connection:
            yield connection

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Transaction]:
        """One atomic step. Raises `JournalFullError` or another `JournalError`; then nothing of it happened. One that
        is not `durable` may be lost where the power fails: never one that appends."""
        with self.database.writing(durable=durable) as connection:
            before = _head(connection, self._place)
            step = Transaction(connection, self.chain, before, self._span)
            yield step
            if step.head != before:
                connection.execute("UPDATE meta SET head_seq = ?, head_hash = ?", step.head)
        if step.head != before:
            self._span = step.span
            if self._head_file:
                self._head_file.write(KnownHead(self.chain, *step.head))

    def head(self) -> Head:
        with self.reading() as connection:
            return _head(connection, self._place)

    def cut(self) -> Head:
        """The last entry that retention has cut off; the genesis where nothing was."""
        with self.reading() as connection:
            seq, digest = connection.execute("SELECT cut_seq, cut_hash FROM meta").fetchone()
        return Head(seq, digest if digest is not None else genesis(self.chain))

    def hash_at(self, seq: int) -> bytes:
        """The hash of one entry; of the genesis for 0. Raises `JournalDamagedError` where there is no such entry."""
        cut = self.cut()
        if seq == cut.seq:
            return cut.hash
        with self.reading() as connection:
            for _, _, digest in all_entries(connection, seq, seq):
                return bytes(digest)
        raise JournalDamagedError(f"{self._place}: entry {seq} is missing")

    def last_kept(self, seq: int) -> int:
        """The last entry up to this one that is still there; 0 where none is."""
        with self.reading() as connection:
            return int(connection.execute("SELECT max(seq) FROM entries WHERE seq <= ?", (seq,)).fetchone()[0] or 0)

    def lines(self, after_seq: int, limit: int = 500, max_bytes: int = 900_000) -> list[Line]:
        """Entries as they are sent, at most `limit` and `max_bytes`, but at least one where there is one: consecutive,
        after those that were dropped.

        Raises `JournalDamagedError` where an entry is missing or is no bytes.
        """
        found: list[Line] = []
        size = 0
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT seq, body, hash FROM entries WHERE seq > ? ORDER BY seq LIMIT ?", (after_seq, limit)
            )
            expected = after_seq + 1
            for seq, body, digest in rows:
                if seq > expected and are_dropped(connection, expected, seq - 1):
                    if found:
                        break
                    expected = seq
                if seq != expected or not isinstance(body, bytes) or not isinstance(digest, bytes):
                    raise JournalDamagedError(f"{self._place}: entry {expected} is missing or malformed")
                expected += 1
                size += len(body) + 1
                if found and size > max_bytes:
                    break
                found.append(Line(seq, body, digest))
        return found

    def last_checkpoint(self) -> Checkpoint | None:
        """What was signed last; None in a journal without any that can be read."""
        with self.reading() as connection:
            row = connection.execute(
                "SELECT body FROM entries WHERE seq = (SELECT max(seq) FROM checkpoints)"
            ).fetchone()
        try:
            return Checkpoint.model_validate(from_json(row[0])["record"]) if row else None
        except (ValueError, TypeError, KeyError):
            return None

    def read(self, after_seq: int, limit: int = 500, max_bytes: int = 900_000) -> list[Entry]:
        """Like `lines`, parsed."""
        try:
            return [line.entry() for line in self.lines(after_seq, limit, max_bytes)]
        except ValueError as error:
            raise JournalDamagedError(f"{self._place}: an entry after {after_seq} is malformed") from error

    def verify(self) -> VerifyResult:
        """Walk the whole chain in bounded memory and name the first bad entry."""
        try:
            with self.reading() as connection:
                return verify_chain(connection)
        except JournalDamagedError as error:
            return VerifyResult(ok=False, entries=0, first_bad=1, reason=str(error))

    def release(self) -> None:
        """Close the calling thread's connection; a thread that ends calls this."""
        self.database.release()

    def close(self) -> None:
        """Close every connection; stop the senders first."""
        self.database.close()
        if self._head_file:
            self._head_file.close()


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def _head(connection: sqlite3.Connection, place: str) -> Head:
    row = connection.execute("SELECT head_seq, head_hash FROM meta").fetchone()
    if row is None or not isinstance(row[0], int) or not isinstance(row[1], bytes) or len(row[1]) != 32:
        raise JournalDamagedError(f"{place}: the journal has lost its head")
    return Head(row[0], row[1])
