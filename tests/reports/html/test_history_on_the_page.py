"""What changed and what agents did, as the page tells it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from agent.records import Action, Evidence
from agent.reports.html.activity import activities
from agent.reports.html.agents import agents
from agent.reports.html.events import event
from agent.reports.html.subject import Machine
from agent.reports.html.timeline import timeline
from tests import made

NOW = datetime(2026, 1, 20, tzinfo=UTC)


def action(number: int, **fields: Any) -> Action:
    given = {"agent": "demo", "owner": "dev", "action": "mcp", "session_id": "s", "call_id": str(number), **fields}
    return Action(
        endpoint_id="e", evidence=Evidence(collector="transcripts"), at=NOW + timedelta(hours=number), **given
    )


def entry(day: int, op: str = "changed", **record: Any) -> dict[str, Any]:
    given = {"kind": "mcp_server", "name": "notes", "agent": "demo", "owner": "dev", **record}
    changes = [{"field": "running", "before": False, "after": True}] if op == "changed" else []
    return {"at": f"2026-01-{day:02}T10:30:00.000000Z", "op": op, "record": given, "changes": changes}


def machine(*records: Any, **fields: Any) -> Machine:
    return Machine([made.agent(name="Demo"), *records], "a test", NOW, **fields)


def test_actions_are_counted_by_agent_and_account_and_a_refused_call_once() -> None:
    found = [
        action(1, decision="auto", result="ok", mcp_server="notes"),
        action(2, decision="denied", result="denied"),
        action(3, result="error", session_id="t"),
        action(4, action="permission", call_id=None),
        action(5, owner="eve"),
    ]
    first, second = activities(found)
    assert (first.calls, first.unasked, first.denied, first.failed) == (3, 1, 1, 1)
    assert (len(first.sessions), first.last, first.servers["notes"]) == (2, NOW + timedelta(hours=4), 1)
    assert (second.owner, second.calls) == ("eve", 1)
    told = agents(machine(activities=[first, second]))
    assert "3 actions in 2 sessions" in told and "Servers used: <bdi>notes (1)" in told and "eve" not in told


def test_changes_stand_day_by_day_in_the_order_given_with_what_was_before_and_after() -> None:
    opened = {"kind": "finding", "state": "open", "title": "A title", "severity": "high", "subject": "notes"}
    events = [event(entry(12, "discovered", **opened)), event(entry(12)), event(entry(11, "removed"))]
    told = timeline(machine(events=events))
    assert told.index("2026-01-12</b> 1 finding open, 1 changed") < told.index("2026-01-11</b> 1 removed")
    assert "finding open: A title (high), notes" in told
    assert "running: false → true" in told
    assert "2026-01-12 10:30 UTC" in agents(machine(events=events))
