"""The inventory in the journal's file: what is committed comes back, what is not never half."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from agent.inventory.inventory import Inventory
from agent.inventory.store import Store, as_json
from agent.journal.errors import JournalFullError
from agent.journal.journal import Journal, Transaction
from agent.records import Record
from collectors.contract import Observation, Scope
from tests.made import diagnostic, server

FILE = Scope("configs", "dev", "/home/dev/.demo.json")
OTHER = Scope("processes", "dev", "7:1.00")
EVERYONE = ("configs", "processes")


def as_is(facts: Iterable[Record], previous: Mapping[str, Record]) -> Mapping[str, Record]:
    return {record.id: record for record in facts}


class Kept:
    """A journal file that can be closed and opened again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.open()

    def open(self, collectors: Iterable[str] = EVERYONE) -> None:
        self.journal = Journal.open(self._path, "e")
        self.store = Store(self.journal)
        self.inventory = self.store.load(as_is, tuple(collectors))

    def again(self, collectors: Iterable[str] = EVERYONE) -> Inventory:
        """As after a restart."""
        self.journal.close()
        self.open(collectors)
        return self.inventory

    def commit(self) -> list[str]:
        """Operations of the step."""
        changes = self.inventory.settle()
        self.store.commit(self.inventory, changes)
        return [change.op for change in changes]

    def execute(self, statement: str, *values: object) -> None:
        connection = sqlite3.connect(self._path)
        with connection:
            connection.execute(statement, values)
        connection.close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path / "state/journal.db")
    yield made
    made.journal.close()


def test_a_restart_knows_what_was_committed_and_finds_nothing_new_in_it(kept: Kept) -> None:
    kept.inventory.replace(Observation(FILE, (server("a"), server("b"))))
    assert kept.commit() == ["discovered", "discovered"]
    inventory = kept.again()
    assert {record.id for record in inventory.all()} == {server("a").id, server("b").id}
    assert inventory.facts(FILE) == (server("a"), server("b"))
    inventory.replace(Observation(FILE, (server("a"), server("b"))))
    assert inventory.settle() == []
    assert not inventory.dirty


def test_each_change_is_an_entry_with_the_record_and_its_fields(kept: Kept) -> None:
    kept.inventory.replace(Observation(FILE, (server("a"), server("b"))))
    kept.commit()
    kept.inventory.replace(Observation(FILE, (server("a", command="node"),)))
    assert sorted(kept.commit()) == ["changed", "removed"]
    entries = kept.journal.read(2)
    changed = next(entry for entry in entries if entry.op == "changed")
    removed = next(entry for entry in entries if entry.op == "removed")
    assert [(c.field, c.before, c.after) for c in changed.changes] == [("command", None, "node")]
    assert changed.record == as_json(server("a", command="node"))
    assert removed.record == as_json(server("b"))
    assert {record.id for record in kept.again().all()} == {server("a").id}


def test_what_is_discovered_has_the_time_it_was_seen_and_what_changes_the_time_of_the_step(kept: Kept) -> None:
    kept.inventory.replace(Observation(FILE, (server("a"),)))
    kept.commit()
    kept.inventory.replace(Observation(FILE, (server("a", command="node"),)))
    kept.commit()
    discovered, changed = kept.journal.read(0)
    assert discovered.at == server("a").observed_at
    assert changed.at > server("a").observed_at


def test_a_step_that_fails_leaves_neither_entries_nor_facts_and_is_told_again(kept: Kept) -> None:
    kept.inventory.replace(Observation(FILE, (server("a"),)))

    def fail(step: Transaction) -> None:
        step.append("notice", {"kind": "diagnostic"})
        raise JournalFullError("disk full")

    with pytest.raises(JournalFullError):
        kept.store.commit(kept.inventory, kept.inventory.settle(), fail)
    assert kept.journal.head().seq == 0
    assert kept.inventory.all() == []
    assert kept.inventory.dirty == {FILE}
    kept.inventory.replace(Observation(OTHER, (server("b"),)))
    assert kept.commit() == ["discovered", "discovered"]
    assert {record.id for record in kept.again().all()} == {server("a").id, server("b").id}


def test_what_is_appended_follows_the_changes_of_its_step(kept: Kept) -> None:
    kept.inventory.replace(Observation(FILE, (server("a"),)))
    changes = kept.inventory.settle()
    kept.store.commit(kept.inventory, changes, lambda step: step.append("heartbeat", {"kind": "heartbeat"}))
    assert [entry.op for entry in kept.journal.read(0)] == ["discovered", "heartbeat"]
    kept.store.append(lambda step: step.append("notice", as_json(diagnostic())))
    assert kept.journal.read(2)[0].op == "notice"


@pytest.mark.parametrize("key", ["/home/dev/\udcff\udcfe/.mcp.json", "/home/\ud800", "a\0b", "", "名前", "a'b\"c\\"])
def test_any_name_a_file_can_have_can_be_the_key_of_a_scope(kept: Kept, key: str) -> None:
    scope = Scope("configs", "\udcfe" + key, key)
    kept.inventory.replace(Observation(scope, (server("a"),)))
    kept.commit()
    inventory = kept.again()
    assert inventory.facts(scope) == (server("a"),)
    inventory.replace(Observation(scope))
    assert kept.commit() == ["removed"]
    assert kept.again().facts(scope) == ()


def test_what_only_a_collector_knew_that_runs_no_more_goes_and_comes_back_with_it(kept: Kept) -> None:
    kept.inventory.replace(Observation(FILE, (server("a"),)))
    kept.inventory.replace(Observation(OTHER, (server("b"),)))
    kept.commit()
    kept.again(["configs"])
    assert kept.commit() == ["removed"]
    assert {record.id for record in kept.inventory.all()} == {server("a").id}
    inventory = kept.again()
    inventory.replace(Observation(OTHER, (server("b"),)))
    assert kept.commit() == ["discovered"]


@pytest.mark.parametrize(
    "text", ["", "{", "[{}]", '[{"kind": "gone"}]', "null", "[null]", "7", '[{"kind": []}]', '[{"kind": "mcp_server"}]']
)
def test_what_another_version_wrote_and_this_one_cannot_read_is_discovered_again(kept: Kept, text: str) -> None:
    kept.inventory.replace(Observation(FILE, (server("a"),)))
    kept.inventory.replace(Observation(OTHER, (server("b"),)))
    kept.commit()
    kept.journal.close()
    kept.execute("UPDATE facts SET records = ? WHERE scope LIKE '%configs%'", text)
    kept.execute("UPDATE inventory SET record = ? WHERE id = ?", text.strip("[]") or text, server("a").id)
    kept.open()
    assert kept.inventory.facts(FILE) == ()
    assert {record.id for record in kept.inventory.all()} == {server("b").id}
    kept.inventory.replace(Observation(FILE, (server("a"),)))
    kept.commit()
    assert {record.id for record in kept.again().all()} == {server("a").id, server("b").id}
    assert kept.inventory.facts(FILE) == (server("a"),)


@pytest.mark.parametrize("scope", ["", "7", "[]", '["configs"]', "{"])
def test_a_scope_that_cannot_be_read_is_passed_over(kept: Kept, scope: str) -> None:
    kept.execute("INSERT INTO facts VALUES (?, '[]')", scope)
    assert kept.again().all() == []


def test_a_mark_is_remembered_with_the_step_it_belongs_to(kept: Kept) -> None:
    assert kept.store.mark("snapshot") is None
    kept.store.append(lambda step: Store.set_mark(step, "snapshot", "one"))
    with pytest.raises(JournalFullError), kept.journal.transaction() as step:
        Store.set_mark(step, "snapshot", "two")
        raise JournalFullError("disk full")
    kept.again()
    assert kept.store.mark("snapshot") == "one"
