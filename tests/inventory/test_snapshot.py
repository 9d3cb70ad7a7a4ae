"""Snapshots in the journal: when there is one, what is in it, and whether it may be trusted as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.config.settings import Settings
from agent.inventory.inventory import Inventory
from agent.inventory.look_scope import scope_of
from agent.inventory.runner import Engine
from agent.inventory.snapshot import Snapshots, append_snapshot
from agent.inventory.store import Store, as_json
from agent.journal.errors import JournalFullError
from agent.journal.journal import Journal
from agent.records import Record
from agent.service.setup import file_context
from collectors.contract import Observation, Scope
from tests.made import agent, diagnostic, server

FILE = Scope("configs", "dev", "/home/dev/.demo.json")


def as_is(facts: Iterable[Record], previous: Mapping[str, Record]) -> Mapping[str, Record]:
    return {record.id: record for record in facts}


def engine_with(*records: Record) -> Engine:
    inventory = Inventory(as_is)
    inventory.replace(Observation(FILE, records))
    inventory.settle()
    inventory.committed()
    context = file_context(Settings())
    return Engine((), inventory, lambda: context)


@pytest.fixture
def journal() -> Journal:
    return Journal.open(":memory:", "e")


def test_it_is_the_whole_inventory_between_two_markers_that_count_it(journal: Journal) -> None:
    engine = engine_with(server("a"), server("b"), agent())
    with journal.transaction() as step:
        append_snapshot(step, engine, scope_of(engine))
    begin, *records, end = journal.read(0)
    assert (begin.op, end.op) == ("snapshot_begin", "snapshot_end")
    assert [entry.record for entry in records] == [as_json(record) for record in engine.inventory.all()]
    assert {entry.at for entry in records} == {server("a").observed_at}
    assert begin.record and end.record
    assert begin.record["id"] == end.record["id"]
    assert end.record["status"] == "complete"
    assert end.record["counts"] == {"ai_agent": 1, "mcp_server": 2}
    assert end.record["digest"] == engine.inventory.digest()


@pytest.mark.parametrize(("severity", "status"), [("error", "partial"), ("warning", "complete"), ("info", "complete")])
def test_it_is_partial_where_something_could_not_be_seen(journal: Journal, severity: str, status: str) -> None:
    with journal.transaction() as step:
        engine = engine_with(server("a"), diagnostic(severity=severity))
        append_snapshot(step, engine, scope_of(engine))
    end = journal.read(0)[-1]
    assert end.record and end.record["status"] == status


def test_there_is_one_at_the_beginning_and_the_next_when_it_is_time(journal: Journal) -> None:
    store = Store(journal)
    snapshots = Snapshots(store, seconds=3600)
    assert snapshots.due()
    store.append(lambda step: snapshots.append(step, engine_with()))
    assert not snapshots.due()
    assert not Snapshots(store, seconds=3600).due()
    for age, due in ((3000, False), (3700, True)):
        then = (datetime.now(UTC) - timedelta(seconds=age)).isoformat()
        store.append(lambda step, then=then: Store.set_mark(step, "snapshot", then))  # type: ignore[misc]  # bound now
        assert snapshots.due() is due


def test_one_that_was_not_committed_is_still_due(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", "e")
    snapshots = Snapshots(Store(journal), seconds=3600)
    with pytest.raises(JournalFullError), journal.transaction() as step:
        snapshots.append(step, engine_with(server("a")))
        raise JournalFullError("disk full")
    assert snapshots.due()
    assert journal.read(0) == []
    journal.close()


@pytest.mark.parametrize("value", ["2999-01-01T00:00:00+00:00", "yesterday", "2026-01-01T00:00:00"])
def test_a_mark_that_cannot_be_right_means_that_one_is_due(journal: Journal, value: str) -> None:
    """A clock that was set back, or a damaged value, must not put snapshots off for years."""
    store = Store(journal)
    store.append(lambda step: Store.set_mark(step, "snapshot", value))
    assert Snapshots(store, seconds=3600).due()


def test_a_fleet_that_started_together_does_not_report_together(journal: Journal) -> None:
    store = Store(journal)
    then = (datetime.now(UTC) - timedelta(seconds=3420)).isoformat()
    store.append(lambda step: Store.set_mark(step, "snapshot", then))
    assert {Snapshots(store, seconds=3600).due() for _ in range(200)} == {True, False}


def test_an_inventory_that_did_not_change_is_only_referred_to(journal: Journal) -> None:
    store = Store(journal)
    snapshots, engine = Snapshots(store, seconds=3600), engine_with(server("a"))
    with journal.transaction() as step:
        first = snapshots.append(step, engine)
    with journal.transaction() as step:
        assert snapshots.append(step, engine) == first
    assert journal.head().seq == first.end == 3
    assert Snapshots(store, seconds=3600).last() == first
    with journal.transaction() as step:
        assert snapshots.append(step, engine_with(server("b"))).begin == 4


def test_a_file_that_stays_broken_is_named_and_asks_for_no_snapshot_after_the_other(journal: Journal) -> None:
    store, broken = Store(journal), diagnostic(severity="error", path="/home/dev/repo/.mcp.json")
    for _ in range(2):
        with journal.transaction() as step:
            Snapshots(store, seconds=3600).append(step, engine_with(server("a"), broken))
    begin, *_, end = journal.read(0)
    assert begin.record and end.record and end.seq == 4
    assert begin.record["scope"] == end.record["scope"]
    unknown = {"owner": "dev", "collector": "configs", "path": "/home/dev/repo/.mcp.json"}
    assert end.record["scope"]["unknown"] == [unknown]


def test_one_that_answers_for_something_else_or_is_old_is_written_again(journal: Journal) -> None:
    store = Store(journal)
    snapshots, whole = Snapshots(store, seconds=3600), engine_with(server("a"))
    elsewhere = engine_with(server("a"))
    elsewhere.inventory.replace(Observation(FILE, (server("a"),), unknown=True))
    for number, engine in enumerate((whole, elsewhere)):
        with journal.transaction() as step:
            assert snapshots.append(step, engine).begin == 3 * number + 1
    with journal.transaction() as step:
        place = snapshots.append(step, whole)
        old = {**place._asdict(), "at": (datetime.now(UTC) - timedelta(days=31)).isoformat()}
        Store.set_mark(step, "snapshot_place", json.dumps(old))
    with journal.transaction() as step:
        assert snapshots.append(step, whole).begin > place.begin


@pytest.mark.parametrize("value", ["", "x", "[]", "{}", '{"at": "yesterday"}', '{"at": "2026-01-01T00:00:00", "x": 1}'])
def test_a_place_that_cannot_be_read_is_none(journal: Journal, value: str) -> None:
    store = Store(journal)
    store.append(lambda step: Store.set_mark(step, "snapshot_place", value))
    assert Snapshots(store, seconds=3600).last() is None
