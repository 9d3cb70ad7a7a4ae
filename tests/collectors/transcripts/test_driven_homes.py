"""Real clients, driven by a model whose every call is known: each call is told once, and nothing of it wrongly."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.collectors.transcripts.driven_homes import CLIENTS, context_of, machine, told, truth

NOT_TOLD = {
    "claude-code": {"decision"},
    "cline": {"decision"},
    "codex": {"decision"},
    "continue": {"decision", "mcp_server", "result"},
    "copilot-cli": {"decision"},
    "factory-droid": {"decision"},
    "gemini-cli": {"decision"},
    "gptme": {"decision"},
    "hermes": {"decision", "result"},
    "kilo-code": {"decision"},
    "kimi-cli": {"decision"},
    "mistral-vibe": {"decision"},
    "opencode": {"decision"},
    "qwen-code": {"decision"},
}
"""What a client's files do not tell of some calls, so that not to know is right: of Hermes only because the samples are
cut, of Claude Code where a compound command was allowed by rules and the mode alike."""


@pytest.mark.parametrize("name", CLIENTS)
def test_every_call_of_a_driven_client_is_told_once_and_nothing_wrongly(
    name: str, shared: Path, tmp_path: Path
) -> None:
    expected = truth(shared, name)
    actions = told(context_of(machine(shared, name, tmp_path)))
    calls = [action for action in actions if action.call_id]
    assert Counter(action.call_id for action in calls) == Counter(expected.keys())
    wrong = []
    for action in calls:
        for field, wanted in expected[str(action.call_id)].items():
            got = getattr(action, field)
            unknown_is_right = field in NOT_TOLD.get(action.agent, ()) and got in ("unknown", None)
            if got != wanted and not unknown_is_right:
                wrong.append((action.call_id, field, got, wanted))
    assert not wrong


@pytest.mark.parametrize("name", CLIENTS)
def test_a_second_look_tells_nothing_new(name: str, shared: Path, tmp_path: Path) -> None:
    from collectors.transcripts.actions import ActionSource
    from tests.collectors.transcripts.driven_homes import EVER

    context = context_of(machine(shared, name, tmp_path))
    source = ActionSource({}, EVER)
    assert told(context, source)
    batch = source.read(context, everything=True)
    assert (batch.events, batch.positions) == ((), {})
