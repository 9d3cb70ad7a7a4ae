"""What tools were when they were first seen: kept with the record, so that a change shows for as long as it lasts.

A baseline that was accepted is what counts instead. What is gone from its server stays as a record that says so, and
what nothing is known of any more stays as it was: a cache that somebody deletes must not make a new beginning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from agent.governance.baseline import Baseline
from agent.records import PinnedTool, Record, Tool
from agent.records.tool import ToolState

_FIELDS = (
    *("definition_hash", "whole", "known_from", "description_hash", "description_size", "parameters"),
    "hints",
)
_MOST_KEPT = 2_000
"""Tools that are told although they are gone."""
_REMEMBERED = timedelta(days=90)
"""How long what nobody tells any more is remembered."""
_Server = tuple[str | None, str, str]


def pinned(records: Mapping[str, Record], previous: Mapping[str, Record], baseline: Baseline | None) -> Iterator[Tool]:
    """The tools that are to be told otherwise than `records` have them."""
    before = {id_: tool for id_, tool in previous.items() if tool.kind == "tool" and isinstance(tool, Tool)}
    now = {id_: tool for id_, tool in records.items() if tool.kind == "tool" and isinstance(tool, Tool)}
    known = {_server(tool) for tool in before.values() if tool.listed}
    for id_, tool in now.items():
        said = _said(tool, before.get(id_), _server(tool) in known, baseline)
        if said is not tool:
            yield said
    listed = {_server(tool) for tool in now.values() if tool.listed}
    yield from _gone(before, now, listed, records, baseline)


def _said(tool: Tool, before: Tool | None, server_known: bool, baseline: Baseline | None) -> Tool:
    accepted = baseline.accepted.get(tool.id) if baseline else None
    new = accepted is None and (before.state == "new" if before else server_known and tool.listed)
    state: ToolState = "new" if new else "known"
    if before and accepted is None and before.pinned is None and before.definition_hash == tool.definition_hash:
        return tool.changed(state=state)
    pin = _pin(accepted) if accepted else _first(before)
    if pin is not None and tool.differs_from(pin) is False:
        pin = None
    return tool.changed(state=state, pinned=pin)


def _first(before: Tool | None) -> PinnedTool | None:
    """What it was at first, as far as anybody remembers."""
    if before is None or before.pinned:
        return before.pinned if before else None
    return _pin(vars(before))


def _pin(fields: Mapping[str, object]) -> PinnedTool | None:
    """Of a record, or of what a baseline says of one; None where nothing but the name was known."""
    if not fields.get("definition_hash"):
        return None
    return PinnedTool.model_validate({name: fields[name] for name in _FIELDS if name in fields})


def _gone(
    before: Mapping[str, Tool],
    now: Mapping[str, Tool],
    listed: set[_Server],
    records: Mapping[str, Record],
    baseline: Baseline | None,
) -> Iterator[Tool]:
    """What was there before and is not told any more, while its server is still defined."""
    kept, oldest = 0, datetime.now(UTC) - _REMEMBERED
    for id_, tool in before.items():
        if (tool.known_at or tool.observed_at) < oldest:
            continue
        if id_ in now or not any(server in records for server in tool.server_ids):
            continue
        if baseline and tool.state == "gone" and id_ not in baseline.accepted:
            continue
        kept += 1
        if kept > _MOST_KEPT:
            return
        yield tool.changed(state="gone") if _server(tool) in listed else tool


def _server(tool: Tool) -> _Server:
    return tool.owner, tool.agent, tool.server
