"""A tool that is another one than it was: seen for as long as that lasts, whatever happens to the cache in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agent.governance.baseline import Baseline
from agent.governance.tool_pins import pinned
from agent.records import Record, Tool
from tests import made

HASHES = {name: name * 64 for name in "abc"}
SERVER = made.server("files")


def tool(hash: str | None = "a", name: str = "read", **fields: Any) -> Tool:
    given = {
        "known_at": datetime.now(UTC),
        "listed": True,
        "whole": True,
        "server_ids": (SERVER.id,),
        "definition_hash": HASHES.get(hash or ""),
    }
    return made.tool(name, **{**given, **fields})


def inventory(*tools: Tool) -> dict[str, Record]:
    return {record.id: record for record in (SERVER, *tools)}


def step(previous: dict[str, Record], *tools: Tool, baseline: Baseline | None = None) -> dict[str, Record]:
    """The inventory after a look that found these tools."""
    records = inventory(*tools)
    return {**records, **{told.id: told for told in pinned(records, previous, baseline)}}


def only(records: dict[str, Record], name: str = "read") -> Tool:
    return next(record for record in records.values() if isinstance(record, Tool) and record.name == name)


def test_what_is_first_seen_is_no_news() -> None:
    first = step({}, tool(), tool(name="write"))
    assert only(first).pinned is None
    assert only(first).state == "known"


def test_the_first_definition_stays_the_measure_until_it_is_back() -> None:
    records = step({}, tool("a"))
    for hash in ("b", "c", "c"):
        records = step(records, tool(hash))
        pin = only(records).pinned
        assert pin and pin.definition_hash == HASHES["a"]
    assert only(step(records, tool("a"))).pinned is None


def test_sources_that_do_not_compare_are_no_change_and_the_measure_is_remembered() -> None:
    records = step({}, tool("a", whole=False, known_from="cache"))
    records = step(records, tool("b", whole=False, known_from="log"))
    told = only(records)
    assert told.pinned and told.differs_from(told.pinned) is None
    told = only(step(records, tool("b", whole=False, known_from="cache")))
    assert told.pinned and told.differs_from(told.pinned)


def test_a_tool_that_comes_later_is_new_and_stays_so() -> None:
    records = step({}, tool())
    records = step(records, tool(), tool(name="send"))
    records = step(records, tool(), tool(name="send"))
    assert only(records, "send").state == "new"
    assert only(records).state == "known"


def test_what_is_only_known_from_use_makes_no_later_list_new() -> None:
    records = step({}, tool(None, listed=False, known_from="transcript"))
    assert only(step(records, tool(), tool(name="send")), "send").state == "known"


def test_a_tool_that_goes_stays_and_says_so_while_its_server_is_defined() -> None:
    records = step({}, tool(), tool(name="send"))
    records = step(step(records, tool()), tool())
    assert only(records, "send").state == "gone"
    assert [r.id for r in pinned({}, records, None)] == []


def test_a_cache_that_is_deleted_and_comes_back_otherwise_is_no_new_beginning() -> None:
    records = step(step({}, tool("a")))
    assert only(records).state == "known"
    pin = only(step(records, tool("b"))).pinned
    assert pin and pin.definition_hash == HASHES["a"]


def test_an_accepted_baseline_is_the_measure(tmp_path: Path) -> None:
    records = step(step({}, tool("a")), tool("b"), tool(name="send"))
    Baseline.of(records.values()).save(tmp_path / "baseline.json")
    baseline = Baseline.load(tmp_path / "baseline.json")
    records = step(records, tool("b"), tool(name="send"), baseline=baseline)
    assert (only(records).pinned, only(records, "send").state) == (None, "known")
    records = step(records, tool("c", hints=("read_only",)), baseline=baseline)
    pin = only(records).pinned
    assert pin and (pin.definition_hash, pin.hints) == (HASHES["b"], ())
    assert only(records, "send").state == "gone"


def test_what_nobody_tells_for_very_long_is_forgotten() -> None:
    long_ago = datetime.now(UTC) - timedelta(days=91)
    assert not [r for r in step(step({}, tool("a", known_at=long_ago))).values() if isinstance(r, Tool)]
