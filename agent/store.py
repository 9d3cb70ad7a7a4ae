"""Keeps the inventory in the journal's file, so that one transaction holds a step: facts, records and entries."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from pydantic import ValidationError

from agent.inventory import Change, Derive, Inventory
from agent.journal import Journal, Transaction
from agent.records import KINDS, Record
from collectors.contract import Scope

_TABLES = (
    "CREATE TABLE IF NOT EXISTS facts (collector TEXT, owner TEXT, key TEXT, records TEXT NOT NULL,"
    " PRIMARY KEY (collector, owner, key)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS inventory (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)


class Store:
    """The durable side of the inventory."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        with journal.transaction() as step:
            for statement in _TABLES:
                step.connection.execute(statement)

    def load(self, derive: Derive) -> Inventory:
        """The inventory as the last committed step left it. What an older version wrote and this one cannot read is
        left out: the next collection discovers it again."""
        with self._journal.reading() as connection:
            facts = {
                Scope(collector, owner, key): _records(json.loads(text))
                for collector, owner, key, text in connection.execute("SELECT * FROM facts")
            }
            current = _records(json.loads(text) for (text,) in connection.execute("SELECT record FROM inventory"))
        return Inventory(derive, facts, {record.id: record for record in current})

    def commit(
        self,
        inventory: Inventory,
        changes: Iterable[Change],
        append: Callable[[Transaction], None] = lambda step: None,
    ) -> None:
        """Make a step durable: the changed scopes, the changed records, an entry for each change, then `append`.

        Raises `JournalError`; nothing of the step happened then, and the inventory still counts it as not committed.
        """
        with self._journal.transaction() as step:
            for scope in inventory.dirty:
                self._put_facts(step, scope, inventory.facts(scope))
            for change in changes:
                self._put_change(step, change)
            append(step)
        inventory.committed()

    def mark(self, name: str) -> str | None:
        """A remembered value, such as the time of the last snapshot."""
        with self._journal.reading() as connection:
            row = connection.execute("SELECT value FROM marks WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    @staticmethod
    def set_mark(step: Transaction, name: str, value: str) -> None:
        step.connection.execute("REPLACE INTO marks VALUES (?, ?)", (name, value))

    @staticmethod
    def _put_facts(step: Transaction, scope: Scope, records: tuple[Record, ...]) -> None:
        if records:
            text = json.dumps([as_json(record) for record in records])
            step.connection.execute("REPLACE INTO facts VALUES (?, ?, ?, ?)", (*scope, text))
        else:
            step.connection.execute("DELETE FROM facts WHERE collector = ? AND owner = ? AND key = ?", scope)

    @staticmethod
    def _put_change(step: Transaction, change: Change) -> None:
        record = as_json(change.record)
        if change.op == "removed":
            step.connection.execute("DELETE FROM inventory WHERE id = ?", (change.record.id,))
        else:
            step.connection.execute("REPLACE INTO inventory VALUES (?, ?)", (change.record.id, json.dumps(record)))
        # What is discovered was seen when it was read; what changed or went did so by now.
        step.append(change.op, record, change.fields, change.record.observed_at if change.op == "discovered" else None)


def as_json(record: Record) -> dict[str, Any]:
    """The record as a JSON object, as journal and wire carry it."""
    return record.model_dump(mode="json", by_alias=True)


def _records(items: Iterable[Any]) -> tuple[Record, ...]:
    found: list[Record] = []
    for item in items:
        try:
            found.append(KINDS[item["kind"]].model_validate(item))
        except (ValidationError, KeyError, TypeError):
            continue
    return tuple(found)
