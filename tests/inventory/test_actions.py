"""How actions stand in the journal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from agent.inventory.actions import sparse
from agent.inventory.store import as_json
from agent.records import Evidence
from agent.records.action import Action
from agent.records.base import unchecked

AT = datetime(2026, 11, 28, 7, 30, 15, 250000, UTC)


def action(at: datetime | None) -> Action:
    return Action(
        endpoint_id="e",
        owner="dev",
        evidence=Evidence(collector="actions", source=None, confidence="confirmed"),
        agent="codex",
        action="shell",
        call_id="c1",
        at=at,
        duration_ms=0,
        told_by=("transcript", "telemetry"),
        programs=("git", "other"),
    )


@pytest.mark.parametrize("at", [AT, AT.replace(microsecond=0), AT.astimezone(timezone(timedelta(hours=2))), None])
def test_an_entry_says_what_the_record_says_without_what_is_empty(at: datetime | None) -> None:
    told = action(at)
    whole = {name: value for name, value in as_json(told).items() if value not in (None, [])}
    assert sparse(told) == whole
    assert "duration_ms" in whole


def test_a_record_that_was_made_unchecked_is_the_one_that_the_constructor_makes() -> None:
    given = {
        "endpoint_id": "e", "owner": "dev", "evidence": Evidence(collector="actions"), "agent": "codex",
        "action": "shell", "call_id": "c1", "at": AT, "observed_at": AT, "programs": ("git",),
    }  # fmt: skip
    made, checked = unchecked(Action)(**given), Action.model_validate(given)
    assert made == checked
    assert made.to_json() == checked.to_json()
    assert made.model_copy(update={"tool": "x"}).tool == "x"
    assert unchecked(Action)(**{**given, "id": "own"}).id == "own"
