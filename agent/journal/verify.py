"""Proof that the journal is what was written: every entry is hashed again, every checkpoint's signature checked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, NamedTuple

from pydantic import ConfigDict, TypeAdapter
from pydantic_core import from_json
from typing_extensions import TypedDict

from agent.journal.dropped import all_entries
from agent.journal.entry import genesis, link
from agent.journal.errors import is_passing
from agent.journal.signatures import Between, SignatureCheck, Statement
from agent.journal.span import CheckpointPlace, Span, begin_span
from agent.runtime.error import RollcallError


class RecordFacts(TypedDict, total=False):
    """What verification asks of a record, of whatever type it is said to be."""

    id: object
    message: object


class EntryFacts(TypedDict):
    """What verification asks of an entry: to read all the rest would take half as long again."""

    __pydantic_config__ = ConfigDict(strict=True, defer_build=True)  # type: ignore[misc] # pydantic's own convention

    seq: int
    at: bytes
    """Not as text: of that pydantic would keep thousands, which never come again."""
    op: str
    chain: str
    record: RecordFacts | None


Visit = Callable[[int, EntryFacts], None]
"""Called with each good entry's number and content."""
_ENTRY = TypeAdapter(EntryFacts)


class VerifyResult(NamedTuple):
    """`entries` were good before the first bad one, which `first_bad` numbers."""

    ok: bool
    entries: int
    first_bad: int | None = None
    reason: str | None = None


class BadEntryError(RollcallError):
    """Why the entry under inspection is bad."""


def verify_chain(
    connection: sqlite3.Connection,
    signatures: SignatureCheck | None = None,
    visit: Visit = lambda seq, entry: None,
) -> VerifyResult:
    """Walks one consistent view of the journal in constant memory; entries written meanwhile are not looked at."""
    good = 0
    connection.execute("BEGIN")
    try:
        chain, head_seq, head_hash, cut_seq, cut_hash = connection.execute(
            "SELECT chain, head_seq, head_hash, cut_seq, cut_hash FROM meta"
        ).fetchone()
        good = cut_seq
        previous, span = cut_hash or genesis(chain), Span()
        for row in all_entries(connection, cut_seq + 1):
            before = previous
            if row[1] is None:
                previous = _dropped(row, good + 1)
                span.add(good + 1, previous)
                good += 1
                continue
            previous, entry = _check(row, good + 1, previous, chain, head_seq)
            if entry["op"] == "checkpoint":
                if signatures:
                    place = CheckpointPlace(good + 1, previous)
                    between = Between(span.checkpoint, span.hexdigest())
                    signatures.see(Statement(place, record_of(row[1]), before, between))
                span = begin_span(good + 1, previous)
            else:
                span.add(good + 1, previous)
            visit(good + 1, entry)
            good += 1
        if good < head_seq:
            raise BadEntryError("missing: the journal ends before its recorded head")
        if previous != head_hash:
            return VerifyResult(False, good, max(good, 1), "the recorded head is not the hash of the last entry")
        _check_cursors(connection, head_seq)
    except BadEntryError as error:
        return VerifyResult(False, good, good + 1, str(error))
    except (sqlite3.DatabaseError, TypeError, AttributeError) as error:
        if is_passing(error):
            raise
        return VerifyResult(False, good, good + 1, "unreadable: the database is damaged")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return VerifyResult(True, good - cut_seq)


def _check(
    row: tuple[object, ...], expected: int, previous: bytes, chain: str, head_seq: int
) -> tuple[bytes, EntryFacts]:
    seq, body, digest = row
    if seq != expected:
        raise BadEntryError("missing: the numbering has a gap")
    if not isinstance(body, bytes) or not isinstance(digest, bytes):
        raise BadEntryError("malformed: not stored as bytes")
    if expected > head_seq:
        raise BadEntryError("unexpected: it lies behind the recorded head")
    if link(previous, body) != digest:
        raise BadEntryError("its hash does not follow from its content and its predecessor")
    return digest, parsed(body, expected, chain)


def _dropped(row: tuple[object, ...], expected: int) -> bytes:
    """The hash of an entry without content; that of the next shows whether it is the one that was there."""
    seq, _, digest = row
    if seq != expected:
        raise BadEntryError("missing: the numbering has a gap")
    if not isinstance(digest, bytes):
        raise BadEntryError("malformed: not stored as bytes")
    return digest


def parsed(body: bytes, seq: int, chain: str) -> EntryFacts:
    """What is to be known of a line that must be this entry. Raises `BadEntryError`."""
    try:
        entry = _ENTRY.validate_json(body)
    except ValueError as error:
        raise BadEntryError("malformed: not an entry") from error
    if entry["seq"] != seq or entry["chain"] != chain:
        raise BadEntryError("it is an entry of another place or journal")
    return entry


def record_of(body: bytes) -> dict[str, Any]:
    """The whole record of an entry that was `parsed`; empty for none."""
    return from_json(body)["record"] or {}


def _check_cursors(connection: sqlite3.Connection, head_seq: int) -> None:
    row = connection.execute("SELECT max(done) FROM targets").fetchone()
    if row[0] is not None and row[0] > head_seq:
        raise BadEntryError("missing: a target has acknowledged more entries than there are")
