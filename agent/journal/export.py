"""A part of the journal as one file that proves itself: `docs/audit.md` says how to check it without Rollcall."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pydantic_core import from_json

from agent import __version__
from agent.journal.dropped import all_entries
from agent.journal.entry import wire_time
from agent.journal.journal import Journal
from agent.journal.receipts import receipts
from agent.journal.selection import Selection

SCHEMA = "rollcall-export/1"


def export(journal: Journal, selection: Selection) -> Iterator[bytes]:
    """Lines of NDJSON: a header, the entries that are wanted as they are hashed, for every other one its hash, the
    receipts. Raises `JournalError`.

    Checkpoints are always among them. Between two without anything that is wanted, what is left out is only counted:
    the second vouches for it.
    """
    with journal.reading() as connection:
        connection.execute("BEGIN")
        try:
            yield from _lines(journal, connection, selection)
        finally:
            connection.execute("ROLLBACK")


def _lines(journal: Journal, connection: sqlite3.Connection, selection: Selection) -> Iterator[bytes]:
    first, last = _range(journal, connection, selection)
    checkpoint = journal.last_checkpoint()
    yield _line(
        {
            "kind": "export",
            "schema": SCHEMA,
            "rollcall_version": __version__,
            "made_at": wire_time(datetime.now(UTC)),
            "endpoint_id": journal.endpoint_id,
            "chain": journal.chain,
            "public_key": checkpoint and checkpoint.public_key,
            "filter": selection.as_json(),
            "first_seq": first,
            "last_seq": last,
            "prev_hash": journal.hash_at(first - 1).hex(),
            "head_hash": journal.hash_at(last).hex(),
        }
    )
    for span in _spans(connection, first, last):
        yield from _span(span, selection, last)
    for receipt in receipts(connection):
        fields = {**receipt._asdict(), "hash": receipt.hash.hex()}
        yield _line({"receipt": fields})


def _range(journal: Journal, connection: sqlite3.Connection, selection: Selection) -> tuple[int, int]:
    """From the checkpoint before what is wanted to the one after it, or as far as the journal goes."""
    first, last = journal.cut().seq + 1, journal.head().seq
    if selection.since:
        query = "SELECT max(seq) FROM checkpoints WHERE at <= ?"
        first = connection.execute(query, (wire_time(selection.since),)).fetchone()[0] or first
    if selection.until:
        query = "SELECT min(seq) FROM checkpoints WHERE at >= ?"
        last = connection.execute(query, (wire_time(selection.until),)).fetchone()[0] or last
    return min(first, last + 1), last


_Row = tuple[int, bytes, bytes, dict[str, Any] | None]
"""Without content where it was dropped."""


def _spans(connection: sqlite3.Connection, first: int, last: int) -> Iterator[list[_Row]]:
    """The entries in groups that each begin with a checkpoint, but perhaps the first."""
    group: list[_Row] = []
    for seq, body, digest in all_entries(connection, first, last):
        entry = None if body is None else from_json(body)
        if entry and entry["op"] == "checkpoint" and group:
            yield group
            group = []
        group.append((seq, body or b"", digest, entry))
    yield group


def _span(span: list[_Row], selection: Selection, last: int) -> Iterator[bytes]:
    wanted = {seq for seq, _, _, entry in span if entry and selection.matches(entry)}
    # It is the next checkpoint that vouches for the number of entries: without one each shows its hash.
    if not wanted and len(span) > 1 and _is_checkpoint(span[0][3]) and span[-1][0] < last:
        yield span[0][1] + b"\n"
        yield _line({"left_out": {"first": span[1][0], "last": span[-1][0]}})
        return
    for seq, body, digest, entry in span:
        if seq in wanted or _is_checkpoint(entry):
            yield body + b"\n"
        else:
            yield _line({"hash": digest.hex(), "left_out": seq})


def _is_checkpoint(entry: dict[str, Any] | None) -> bool:
    return entry is not None and entry["op"] == "checkpoint"


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode() + b"\n"
