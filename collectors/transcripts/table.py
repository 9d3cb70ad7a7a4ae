"""Rows of a client's database as entries of a transcript, from a row id on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from collectors.catalog.actions import Table
from collectors.sources.formats.sqlite_file import Database, Value
from collectors.transcripts.values import Entry, condition

_MOST_JOINED = 10_000
_LONGEST_JOINED = 10_000
"""Of a text or bytes; longer ones tell nothing that is asked."""
_MOST_KEPT = 4_000_000
"""Characters of rows, those read last."""


class JoinedRows:
    """Rows of the second table by their ids, each read once: what is asked of them does not change."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._found: dict[str, dict[str, Value]] = {}
        self._size = 0
        self._since: int | None = None

    def read(self, database: Database) -> None:
        """Take up the rows that are new."""
        stored = database.table(self._table.join) if self._table.join else None
        if stored is None or "id" not in stored.columns:
            return
        for row_id, values in islice(database.rows(stored, self._since), _MOST_JOINED):
            row = dict(zip(stored.columns, values, strict=True))
            self._since = row_id + 1
            if _short(row["id"]) is not None:
                self._keep(str(row["id"]), {name: _short(row.get(name)) for name in self._table.join_columns})

    def _keep(self, id: str, row: dict[str, Value]) -> None:
        self._drop(id)
        self._found[id] = row
        self._size += _size(id, row)
        while self._size > _MOST_KEPT:
            self._drop(next(iter(self._found)))

    def _drop(self, id: str) -> None:
        row = self._found.pop(id, None)
        self._size -= 0 if row is None else _size(id, row)

    def of(self, id: object) -> dict[str, Value] | None:
        return self._found.get(str(id))


def entries(database: Database, table: Table, joined: JoinedRows, since: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Row ids and rows as maps by column, in their order, empty for one that says nothing; none where the table is not
    as it should be. Only columns that the catalog names are kept."""
    stored = database.table(table.name)
    if stored is None or not set(table.columns) <= set(stored.columns):
        return
    joined.read(database)
    is_wanted = condition(table.where)
    for row_id, values in database.rows(stored, since):
        row = dict(zip(stored.columns, values, strict=True))
        yield row_id, _entry(table, row, joined) if is_wanted(Entry(row)) else {}


def last_row(database: Database, table: Table) -> int:
    """The highest row id; 0 where there is none."""
    stored = database.table(table.name)
    return (database.last_row(stored) or 0) if stored else 0


def _entry(table: Table, row: dict[str, Value], joined: JoinedRows) -> dict[str, Any]:
    entry: dict[str, Any] = {name: row[name] for name in table.columns}
    for name in table.json_columns:
        entry[name] = _json(entry.get(name))
    if table.join:
        entry[table.join] = joined.of(entry.get(table.join_on))
    return entry


def _size(id: str, row: dict[str, Value]) -> int:
    return 100 + len(id) + sum(len(value) for value in row.values() if isinstance(value, str | bytes))


def _short(value: Value) -> Value:
    return None if isinstance(value, str | bytes) and len(value) > _LONGEST_JOINED else value


def _json(text: object) -> object:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
