"""A control that was off: what the policy requires, and what a home comes to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.config.load import Settings
from agent.records import Finding
from agent.service.scan import take_inventory

USER = "home/dev/.claude/settings.json"
MANAGED = "etc/claude-code/managed-settings.json"
POLICY = """
version = "1"
[[require.hook]]
agent = "claude-code"
event = "PreToolUse"
program = "guard"
[[require.setting]]
agent = "claude-code"
key = "permissions.disableBypassPermissionsMode"
value = "disable"
[[require.telemetry]]
agent = "claude-code"
"""
CLIENT = "@anthropic-ai/claude-code"
GUARD = {"hooks": {"PreToolUse": [{"hooks": [{"type": "command", "command": "/opt/guard --all"}]}]}}
OTHER = {"hooks": {"PostToolUse": [{"hooks": [{"type": "command", "command": "/opt/guard --all"}]}]}}
LOCK = {"permissions": {"disableBypassPermissionsMode": "disable"}}
TELEMETRY = {"env": {"CLAUDE_CODE_ENABLE_TELEMETRY": "1"}}
ALL = {**GUARD, **LOCK, **TELEMETRY}


def off(root: Path, files: dict[str, Any], policy: str = POLICY) -> dict[str, list[str]]:
    """The rules about required controls that speak, with what they say."""
    (root / "policy.toml").write_text(policy)
    (root / "root/home/dev/.claude").mkdir(parents=True)
    for path, content in files.items():
        file = root / "root" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))
    given = {"state": {"dir": str(root / "state")}, "policy": {"file": str(root / "policy.toml")}}
    records = take_inventory(Settings.model_validate(given), str(root / "root")).records
    told = [record for record in records if isinstance(record, Finding) and record.rule.startswith("require.")]
    return {found.rule.removeprefix("require."): [proof.what for proof in found.evidence_for] for found in told}


@pytest.mark.parametrize("where", [USER, MANAGED])
def test_what_is_there_is_no_finding(where: str, tmp_path: Path) -> None:
    assert off(tmp_path, {USER: {}, where: ALL}) == {}


def test_what_is_missing_is_one_each(tmp_path: Path) -> None:
    assert off(tmp_path, {USER: {}}).keys() == {"hook", "setting", "telemetry"}


@pytest.mark.parametrize(
    ("files", "rules"),
    [
        ({USER: {**ALL, **OTHER}}, {"hook"}),
        ({USER: {**ALL, "disableAllHooks": True}}, {"hook"}),
        ({USER: ALL, MANAGED: {"allowManagedHooksOnly": True}}, {"hook"}),
        ({USER: {"model": "x"}, "home/dev/code/app/.claude/settings.json": ALL}, {"hook", "setting", "telemetry"}),
        ({USER: {**ALL, "env": {"CLAUDE_CODE_ENABLE_TELEMETRY": "0"}}}, {"telemetry"}),
        ({USER: ALL, MANAGED: TELEMETRY | {"env": {"CLAUDE_CODE_ENABLE_TELEMETRY": "0"}}}, {"telemetry"}),
        # The client takes nothing from such a file.
        ({USER: json.dumps(ALL) + " // all"}, {"hook", "setting", "telemetry"}),
        ({USER: {**ALL, "model": 3}}, {"hook", "setting", "telemetry"}),
        ({"home/dev/.claude/remote-settings.json": ALL, USER: {}}, {"setting", "telemetry", "hook"}),
    ],
)
def test_what_is_elsewhere_overridden_or_ignored_is_off(files: dict[str, Any], rules: set[str], tmp_path: Path) -> None:
    assert off(tmp_path, files).keys() == rules


def test_what_cannot_be_seen_is_told_as_that(tmp_path: Path) -> None:
    policy = 'version = "1"\n[[require.setting]]\nagent = "claude-code"\nkey = "theme"\nvalue = "dark"\n'
    assert off(tmp_path, {USER: {"theme": "dark"}}, policy) == {
        "setting": ["whether theme holds cannot be seen of"],
    }


def test_a_start_without_hooks_is_told(tmp_path: Path) -> None:
    files = {USER: ALL, "home/dev/.bashrc": "alias c='claude --settings ~/off.json'\n"}
    told = off(tmp_path, {**files, "home/dev/off.json": {"disableAllHooks": True}})
    assert told == {"hook": ["all hooks are switched off where it is started by"]}


@pytest.mark.parametrize("flag", ["--bare", "--safe-mode"])
def test_a_start_that_skips_hooks_is_told(flag: str, tmp_path: Path) -> None:
    told = off(tmp_path, {USER: ALL, "home/dev/.bashrc": f"alias c='claude {flag}'\n"})
    assert told == {"hook": ["all hooks are switched off where it is started by"]}


@pytest.mark.parametrize(("version", "rules"), [("2.1.400", set()), ("3.0.0", {"unverified"})])
def test_a_version_that_nobody_checked_may_be_silent(version: str, rules: set[str], tmp_path: Path) -> None:
    package = f"home/dev/.claude/local/node_modules/{CLIENT}/package.json"
    assert off(tmp_path, {USER: ALL, package: {"name": CLIENT, "version": version}}).keys() == rules
