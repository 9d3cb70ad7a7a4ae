"""Keeps the inventory in the journal's database, so that one transaction holds a step: facts, records and entries."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Iterator
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from agent.governance.controls import evidence_for
from agent.inventory.inventory import Change, Derive, Inventory
from agent.journal.entry import Op
from agent.journal.journal import Journal, Transaction
from agent.records import FACTS, Record
from agent.records.change import FieldChange
from collectors.contract import Scope


class Store:
    """The durable side of the inventory."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def load(self, derive: Derive, collectors: Container[str]) -> Inventory:
        """The inventory as the last committed step left it, with the facts of these collectors.

        What an older version wrote and this one cannot read is left out: the next collection discovers it again. What
        only a collector knew that does not run any more goes: nobody would ever take it back.
        """
        with self._journal.reading() as connection:
            facts = dict(_facts(connection.execute("SELECT scope, records FROM facts")))
            rows = connection.execute("SELECT record FROM inventory").fetchall()
        known = {scope: records for scope, records in facts.items() if scope.collector in collectors}
        return Inventory(derive, known, {record.id: record for (text,) in rows for record in _read(text)})

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

    def append(self, append: Callable[[Transaction], None]) -> None:
        """Entries that tell of no change. Raises `JournalError`."""
        with self._journal.transaction() as step:
            append(step)

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
        # As ASCII: the key may be the path of a file whose name is no text.
        name = json.dumps(scope)
        if records:
            text = json.dumps([as_json(record) for record in records])
            step.connection.execute("REPLACE INTO facts VALUES (?, ?)", (name, text))
        else:
            step.connection.execute("DELETE FROM facts WHERE scope = ?", (name,))

    @staticmethod
    def _put_change(step: Transaction, change: Change) -> None:
        record = as_json(change.record)
        if change.op == "removed":
            step.connection.execute("DELETE FROM inventory WHERE id = ?", (change.record.id,))
        else:
            step.connection.execute("REPLACE INTO inventory VALUES (?, ?)", (change.record.id, json.dumps(record)))
        # What is discovered was seen when it was read; what changed or went did so by now.
        at = change.record.observed_at if change.op == "discovered" else None
        append_evidence(step, change.op, record, change.fields, at)


def append_evidence(
    step: Transaction,
    op: Op,
    record: dict[str, Any],
    changes: tuple[FieldChange, ...] = (),
    at: datetime | None = None,
) -> None:
    """The next entry of the journal, with the controls that its record is evidence for."""
    step.append(op, record, changes, at, evidence_for(record))


def committed(journal: Journal) -> list[Record]:
    """The inventory as the last step left it; nothing is written. Raises `JournalError`."""
    with journal.reading() as connection:
        return [record for (text,) in connection.execute("SELECT record FROM inventory") for record in _read(text)]


def as_json(record: Record) -> dict[str, Any]:
    """The record as a JSON object, as journal and wire carry it."""
    return record.model_dump(mode="json", by_alias=True)


def _facts(rows: Iterable[tuple[str, str]]) -> Iterator[tuple[Scope, tuple[Record, ...]]]:
    for name, text in rows:
        try:
            scope = Scope(*json.loads(name))
        except (ValueError, TypeError):
            continue
        yield scope, tuple(_read(text))


def _read(text: str) -> Iterator[Record]:
    """The records in a JSON object or array, as far as they are any."""
    try:
        found = json.loads(text)
    except (ValueError, TypeError):
        return
    yield from readable(found if isinstance(found, list) else [found])


def readable(found: Iterable[Any]) -> Iterator[Record]:
    """The records among JSON objects; what an older version wrote and this one cannot read is left out."""
    for item in found:
        try:
            yield FACTS[item["kind"]].model_validate(item)
        except (ValidationError, KeyError, TypeError):
            continue
