"""Proof that the journal is what was written: every entry is hashed again, from the first to the recorded head."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from agent.journal.database import is_passing
from agent.journal.entry import Line, genesis, link


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """`entries` were good before the first bad one, which `first_bad` numbers."""

    ok: bool
    entries: int
    first_bad: int | None = None
    reason: str | None = None


class _Bad(Exception):
    """Why the entry under inspection is bad."""


def verify_chain(connection: sqlite3.Connection) -> VerifyResult:
    """Walks one consistent view of the journal in constant memory; entries written meanwhile are not looked at."""
    good = 0
    connection.execute("BEGIN")
    try:
        chain, head_seq, head_hash = connection.execute("SELECT chain, head_seq, head_hash FROM meta").fetchone()
        previous = genesis(chain)
        for row in connection.execute("SELECT seq, body, hash FROM entries ORDER BY seq"):
            previous = _check(row, good + 1, previous, chain, head_seq)
            good += 1
        if good < head_seq:
            raise _Bad("missing: the journal ends before its recorded head")
        if previous != head_hash:
            return VerifyResult(False, good, max(good, 1), "the recorded head is not the hash of the last entry")
        _check_cursors(connection, head_seq)
    except _Bad as error:
        return VerifyResult(False, good, good + 1, str(error))
    except (sqlite3.DatabaseError, TypeError, AttributeError) as error:
        if is_passing(error):
            raise
        return VerifyResult(False, good, good + 1, "unreadable: the database is damaged")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return VerifyResult(True, good)


def _check(row: tuple[object, ...], expected: int, previous: bytes, chain: str, head_seq: int) -> bytes:
    seq, body, digest = row
    if seq != expected:
        raise _Bad("missing: the numbering has a gap")
    if not isinstance(body, bytes) or not isinstance(digest, bytes):
        raise _Bad("malformed: not stored as bytes")
    if expected > head_seq:
        raise _Bad("unexpected: it lies behind the recorded head")
    if link(previous, body) != digest:
        raise _Bad("its hash does not follow from its content and its predecessor")
    try:
        entry = Line(expected, body, digest).entry()
    except ValueError as error:
        raise _Bad("malformed: not an entry") from error
    if entry.seq != expected or entry.chain != chain:
        raise _Bad("it is an entry of another place or journal")
    return digest


def _check_cursors(connection: sqlite3.Connection, head_seq: int) -> None:
    row = connection.execute("SELECT max(done) FROM targets").fetchone()
    if row[0] is not None and row[0] > head_seq:
        raise _Bad("missing: a target has acknowledged more entries than there are")
