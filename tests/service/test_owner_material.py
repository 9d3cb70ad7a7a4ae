"""Of one account nothing of another is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.config.error import ConfigError
from agent.config.settings import Settings
from agent.reports.owner_view import text
from agent.service.owner_material import owner_view


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine of two people."""
    for name in ("ada", "eve"):
        home = tmp_path / "home" / name
        home.mkdir(parents=True)
        server = {"command": f"{name}-mcp", "env": {"API_KEY": "sk-Zq8planted4w9"}}
        (home / ".claude").mkdir()
        rules = {"defaultMode": "bypassPermissions", "deny": ["Read(.env)"], "allow": ["Bash(*)"]}
        (home / ".claude/settings.json").write_text(json.dumps({"permissions": rules}, indent=1))
        (home / ".claude.json").write_text(json.dumps({"mcpServers": {f"{name}-server": server}}, indent=1))
    return tmp_path


def test_only_their_own_records_and_the_line_that_each_finding_is_about(root: Path) -> None:
    view = owner_view(Settings(), str(root), "ada")
    assert {record.owner for record in view.machine.records} == {"ada"}
    told = " ".join(" ".join(text.lines(view)).split())
    assert "eve-" not in told and "/eve" not in told and "(eve)" not in told
    assert "/home/ada/.claude.json:3: mcpServers.ada-server" in told
    assert "claude-code (ada): /home/ada/.claude/settings.json:3 (effective" in told
    assert "claude-code (ada): /home/ada/.claude/settings.json:7 (allow rule" in told
    assert "Zq8planted" not in told


def test_an_account_that_is_not_there_is_named_with_those_that_are(root: Path) -> None:
    with pytest.raises(ConfigError, match="known are ada, eve"):
        owner_view(Settings(), str(root), "nobody")


@pytest.mark.parametrize(
    ("collect", "told"),
    [
        ({}, "full"),
        ({"actions": "off"}, "off"),
        ({"actions": "off", "client_actions": {"codex": "counts"}}, "counts"),
        ({"actions": "counts", "client_actions": {"codex": "off"}}, "counts"),
        ({"transcripts": False}, "off"),
        ({"transcripts": False, "telemetry_port": 4318}, "full"),
    ],
)
def test_what_is_told_of_actions_is_never_less_than_the_settings_say(
    root: Path, collect: dict[str, object], told: str
) -> None:
    settings = Settings.model_validate({"collect": collect})
    assert owner_view(settings, str(root), "ada").keeping.actions == told
