"""What driven clients sent, held against the model's own log: alone, and joined with their transcripts."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from agent.records.action import Action
from collectors.contract import Context
from collectors.telemetry.reader import TelemetryReader
from collectors.transcripts.actions import ActionSource
from collectors.transcripts.heard import Heard
from tests.collectors.telemetry.sent import SENDERS, heard
from tests.collectors.transcripts.driven_homes import CLIENTS, EVER, context_of, machine, told, truth


def _sent(shared: Path, name: str, context: Context) -> list[Heard]:
    uid = next(home.uid for home in context.homes if home.owner == "dev")
    assert uid is not None
    return heard(shared, name, TelemetryReader(context.catalog.clients.values()), uid)


def _source(sent: list[Heard]) -> ActionSource:
    parts = iter((sent,))
    return ActionSource({}, EVER, telemetry=lambda: next(parts, []))


def _wrong(calls: list[Action], expected: dict[str, dict[str, object]]) -> list[object]:
    """What is told and not true; not to know is right, as the transcripts know more."""
    return [
        (action.call_id, field, got, wanted)
        for action in calls
        for field, wanted in expected.get(str(action.call_id), {}).items()
        if (got := getattr(action, field)) not in (wanted, "unknown", None)
    ]


@pytest.mark.parametrize("name", SENDERS)
def test_telemetry_alone_tells_calls_and_nothing_wrongly(name: str, shared: Path, tmp_path: Path) -> None:
    context = context_of(machine(shared, name, tmp_path))
    sent = _sent(shared, name, context)
    for entry in (tmp_path / "home/dev").iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    calls = told(context, _source(sent))
    assert {action.told_by for action in calls} == {("telemetry",)}
    assert {action.agent for action in calls} == {CLIENTS[name]}
    assert len(calls) >= 14
    assert any(action.duration_ms for action in calls)
    assert not _wrong(calls, truth(shared, name))


@pytest.mark.parametrize("name", SENDERS)
def test_a_call_that_both_tell_of_is_one_with_both_as_evidence(name: str, shared: Path, tmp_path: Path) -> None:
    context = context_of(machine(shared, name, tmp_path))
    sent = _sent(shared, name, context)
    expected = truth(shared, name)
    calls = [action for action in told(context, _source(sent)) if action.call_id]
    # A run with a second session was sent, whose transcript is not here.
    known = [action for action in calls if action.call_id in expected]
    assert Counter(action.call_id for action in known) == Counter(expected.keys())
    both = {one.statement.call for one in sent} & expected.keys()
    assert {action.call_id for action in known if "telemetry" in action.told_by} == both
    assert all("transcript" in action.told_by for action in known)
    assert not _wrong(known, expected)


def test_a_call_that_one_tells_of_waits_for_the_other(shared: Path, tmp_path: Path) -> None:
    context = context_of(machine(shared, "claude", tmp_path))
    sent = _sent(shared, "claude", context)
    first = sent[0].statement.call
    parts = iter(([one for one in sent if one.statement.call == first], [], sent))
    source = ActionSource({}, EVER, telemetry=lambda: next(parts, []))
    early = [event for event in source.read(context).events if isinstance(event, Action)]
    assert [action.call_id for action in early if action.call_id] == [first]
    assert early[0].evidence.source
    assert not [event for event in source.read(context).events if isinstance(event, Action) and event.call_id]
    late = {action.call_id: action for action in source.read(context).events if isinstance(action, Action)}
    assert ("transcript", "telemetry") in {action.told_by for action in late.values()}
    assert first not in late


def test_what_a_sender_takes_for_delivered_survives_a_restart(shared: Path, tmp_path: Path) -> None:
    context = context_of(machine(shared, "claude", tmp_path))
    sent = _sent(shared, "claude", context)
    shutil.rmtree(tmp_path / "home/dev/.claude")
    decisions = [one for one in sent if not one.statement.final]
    before = _source(decisions).read(context)
    assert not before.events
    (name,) = before.positions
    after = ActionSource(before.positions, EVER, telemetry=lambda: [one for one in sent if one.statement.final])
    batch = after.read(context, everything=True)
    denied = [event for event in batch.events if isinstance(event, Action) and event.decision == "denied"]
    assert {event.denied_by for event in denied} == {"user", "unknown"}
    assert batch.positions[name] == ""
