"""One look at a machine where `backfill_days` asks for what agents did before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.config.settings import Settings
from agent.records.posture import Posture
from agent.records.supervision import Supervision
from agent.service.scan import take_inventory
from tests.collectors.transcripts.driven_homes import machine, truth


@pytest.fixture
def root(tmp_path: Path, shared: Path) -> Path:
    return machine(shared, "claude", tmp_path / "root")


def looked(root: Path, **collect: Any) -> tuple[list[Supervision], list[int]]:
    """What is told of agents' supervision, and how many actions were said to be read."""
    read: list[int] = []
    settings = Settings.model_validate({"collect": {"backfill_days": 365, **collect}})
    look = take_inventory(settings, str(root), actions_read=read.append)
    return [record for record in look.records if isinstance(record, Supervision)], read


def test_says_what_supervision_there_was(root: Path, shared: Path) -> None:
    (record,), read = looked(root)
    assert record.agent == "claude-code"
    assert record.calls == len(truth(shared, "claude"))
    assert record.calls <= read[-1]
    assert record.servers_called == ("probe-stdio", "team_kb")
    assert not record.servers_not_defined
    assert not record.servers_not_called
    assert record.modes


def test_names_servers_that_nobody_defines_and_those_that_nobody_calls(root: Path) -> None:
    file = root / "home/dev/.claude.json"
    text = file.read_text()
    assert '"team_kb"' in text
    file.write_text(text.replace('"team_kb"', '"other"'))
    (record,), _ = looked(root)
    assert record.servers_not_defined == ("team_kb",)
    assert record.servers_not_called == ("other",)


@pytest.mark.parametrize(
    "collect",
    [
        {"backfill_days": 0},
        {"transcripts": False},
        {"actions": "off"},
        {"client_actions": {"claude-code": "off"}},
        {"disabled": ["actions"]},
    ],
    ids=str,
)
def test_looks_at_nothing_that_was_not_asked_for(root: Path, collect: dict[str, Any]) -> None:
    records, _ = looked(root, **collect)
    assert not records


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("qwen", "bypasses"),
        ("kimi", "auto_approves"),
        ("droid", "auto_approves"),
        ("openhands", "bypasses"),
        ("pi", None),
    ],
)
def test_the_mode_that_sessions_ran_with_is_an_observed_posture(
    name: str, mode: str | None, tmp_path: Path, shared: Path
) -> None:
    root = machine(shared, name, tmp_path / "root")
    settings = Settings.model_validate({"collect": {"backfill_days": 365}})
    look = take_inventory(settings, str(root), actions_read=lambda _: None)
    observed = [record for record in look.records if isinstance(record, Posture) and record.basis == "observed"]
    assert [record.approval_mode for record in observed] == ([mode] if mode else [])
    assert {record.project for record in observed} <= {"/home/dev/proj"}
