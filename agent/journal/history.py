"""Entries of the journal that somebody asks for: by subject from the index, else in sequence."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic_core import from_json

from agent.journal.entry import wire_time
from agent.journal.journal import Journal
from agent.journal.selection import Selection
from agent.journal.subjects import subject_key
from agent.records.canonical_json import canonical_json

_NAMES = ("name", "agent", "owner", "subject", "provider", "server", "hostname")
"""Fields of a record by which a person may call it."""


def history(journal: Journal, selection: Selection) -> Iterator[dict[str, Any]]:
    """The entries that fit, oldest first. Raises `JournalError`."""
    with journal.reading() as connection:
        for body in _of_subjects(connection, selection) if selection.subjects else _all(connection, selection):
            entry = from_json(body)
            if selection.matches(entry):
                yield entry


def subjects_called(journal: Journal, name: str) -> tuple[str, ...]:
    """Ids of the records that are meant: the id itself, those that bear the name now or, where none does, those that
    once did. Raises `JournalError`."""
    with journal.reading() as connection:
        query = "SELECT 1 FROM subjects WHERE subject = ? LIMIT 1"
        if connection.execute(query, (subject_key(name),)).fetchone():
            return (name,)
        rows = connection.execute("SELECT record FROM inventory WHERE instr(record, ?)", (json.dumps(name)[1:-1],))
        if now := _bearing(name, (json.loads(text) for (text,) in rows)):
            return now
        rows = connection.execute("SELECT body FROM entries WHERE instr(body, ?)", (canonical_json(name)[1:-1],))
        return _bearing(name, (from_json(body)["record"] for (body,) in rows))


def _bearing(name: str, records: Iterable[Mapping[str, Any] | None]) -> tuple[str, ...]:
    ids = [str(record["id"]) for record in records if record and any(record.get(field) == name for field in _NAMES)]
    return tuple(dict.fromkeys(ids))


def _of_subjects(connection: sqlite3.Connection, selection: Selection) -> Iterator[bytes]:
    seqs: set[int] = set()
    for id_ in selection.subjects:
        rows = connection.execute("SELECT seq FROM subjects WHERE subject = ?", (subject_key(id_),))
        seqs.update(seq for (seq,) in rows)
    for seq in sorted(seqs):
        if row := connection.execute("SELECT body FROM entries WHERE seq = ?", (seq,)).fetchone():
            yield row[0]


def _all(connection: sqlite3.Connection, selection: Selection) -> Iterator[bytes]:
    first = 0
    if selection.since:
        # What happened after a checkpoint was written after it; what was seen before may have been.
        query = "SELECT max(seq) FROM checkpoints WHERE at <= ?"
        first = connection.execute(query, (wire_time(selection.since),)).fetchone()[0] or 0
    for (body,) in connection.execute("SELECT body FROM entries WHERE seq >= ? ORDER BY seq", (first,)):
        yield body
