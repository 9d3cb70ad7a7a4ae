"""Entries that went for room while a target still waited for them: their hashes stay, and prove the rest.

The ones that cost least go first: what is told again later (heartbeats, snapshots before the last one), then single
actions, but not those that say what the later ones of a session leave out. A checkpoint says which went.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from pydantic_core import from_json

from agent.journal.span import kind_of
from agent.records.checkpoint import Dropped

Row = tuple[int, bytes | None, bytes]
"""Number, content and hash; no content where it was dropped."""

_PIECE = 1000
"""Entries that are looked at in one transaction: some ten milliseconds."""
_OPS: tuple[frozenset[str], ...] = (
    frozenset({"heartbeat", "snapshot_begin", "snapshot", "snapshot_end"}),
    frozenset({"action"}),
)
"""By value, the least first."""
_LAST = 1 << 62


def all_entries(connection: sqlite3.Connection, first: int, last: int = _LAST) -> Iterable[Row]:
    """Every entry in order, also those that were dropped."""
    kept, span = "SELECT seq, body, hash FROM entries WHERE seq BETWEEN ? AND ?", (first, last)
    if not connection.execute("SELECT EXISTS (SELECT 1 FROM dropped)").fetchone()[0]:
        return connection.execute(f"{kept} ORDER BY seq", span)
    also = "SELECT seq, NULL, hash FROM dropped WHERE seq BETWEEN ? AND ?"
    return connection.execute(f"{kept} UNION ALL {also} ORDER BY seq", (*span, *span))


def are_dropped(connection: sqlite3.Connection, first: int, last: int) -> bool:
    """Whether all of these were."""
    query = "SELECT count(*) FROM dropped WHERE seq BETWEEN ? AND ?"
    return bool(connection.execute(query, (first, last)).fetchone()[0] == last - first + 1)


class Dropping:
    """Looks through the journal once for each value, oldest entries first."""

    def __init__(self, targets: Collection[str]) -> None:
        self._targets = targets
        self._value = 0
        self._seen = 0

    def begin(self) -> None:
        """From the oldest entries and the least value again."""
        self._value = self._seen = 0

    def step(self, connection: sqlite3.Connection, before: int) -> Dropped | None:
        """Drop what may go of the next entries before that one; None where nothing is left that may."""
        query = "SELECT seq, body, hash FROM entries WHERE seq > ? AND seq < ? ORDER BY seq LIMIT ?"
        while self._value < len(_OPS):
            rows = connection.execute(query, (self._seen, before, _PIECE)).fetchall()
            if rows:
                self._seen = rows[-1][0]
                return self._drop(connection, rows)
            self._value, self._seen = self._value + 1, 0
        return None

    def _drop(self, connection: sqlite3.Connection, rows: list[tuple[int, bytes, bytes]]) -> Dropped:
        under_way = connection.execute("SELECT done, sending FROM targets WHERE sending IS NOT NULL").fetchall()
        gone, counts = [], Counter[str]()
        for seq, body, digest in rows:
            # The bounds of a batch, and so what is in it, stay until it is answered.
            if any(done < seq <= sending for done, sending in under_way):
                continue
            record = _droppable(body, _OPS[self._value])
            if record is not None:
                gone.append((seq, digest))
                counts[kind_of(record)] += 1
        connection.executemany("INSERT INTO dropped VALUES (?, ?)", gone)
        numbers = [seq for seq, _ in gone]
        for table in ("entries", "dead_letters", "subjects"):
            delete = f"DELETE FROM {table} WHERE seq = ?"  # noqa: S608 - our own names
            connection.executemany(delete, ((seq,) for seq in numbers))
        return Dropped(
            ranges=tuple(_ranges(numbers)),
            counts=dict(sorted(counts.items())),
            not_accepted=_not_accepted(connection, numbers, self._targets),
        )


def _droppable(body: bytes, ops: frozenset[str]) -> dict[str, Any] | None:
    """The record of an entry that may go."""
    # Most need not be parsed to see that they stay.
    if not any(b'"op":"%s"' % op.encode() in body for op in ops):
        return None
    entry = from_json(body)
    record: dict[str, Any] = entry["record"] or {}
    says_for_others = entry["op"] == "action" and ("schema" in record or record.get("kind") != "action")
    return None if entry["op"] not in ops or says_for_others else record


def _ranges(numbers: list[int]) -> Iterator[tuple[int, int]]:
    begin = 0
    for at, seq in enumerate(numbers):
        if at + 1 == len(numbers) or numbers[at + 1] != seq + 1:
            yield numbers[begin], seq
            begin = at + 1


def _not_accepted(connection: sqlite3.Connection, numbers: list[int], targets: Collection[str]) -> dict[str, int]:
    accepted = dict(connection.execute("SELECT name, accepted FROM targets"))
    missing = {name: sum(seq > accepted.get(name, 0) for seq in numbers) for name in targets}
    return {name: count for name, count in sorted(missing.items()) if count}
