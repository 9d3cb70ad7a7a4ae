"""The commands about the policy, on a machine's file system."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.governance.policy.minisign_keys import Signer

if TYPE_CHECKING:
    from conftest import Rollcall

POLICY = """version = "9"

[[agent]]
id = "claude-code"
role = "producer"
in_scope = false

[[rule]]
id = "org.local"
title = "Server that is no package"
severity = "high"
kind = "mcp_server"
controls = ["A.10"]
remediation = "Package it."
reference = "https://wiki.example.com/mcp"
all = [{ field = "package", exists = false }]
"""
CLAUDE = {"mcpServers": {"files": {"command": "/opt/files"}}}


@pytest.fixture
def root(tmp_path: Path, place: Callable[[Path, Mapping[str, object]], Path]) -> Path:
    accounts = "dev:x:1000:1000::/home/dev:/bin/sh\n"
    return place(tmp_path / "root", {"etc/passwd": accounts, "home/dev/.claude.json": CLAUDE})


@pytest.fixture
def policy(rollcall: Rollcall, tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(POLICY)
    with (rollcall.folder / "config.toml").open("a") as config:
        config.write(f'[policy]\nfile = "{path}"\n')
    return path


def test_scope_and_role_are_recorded_per_system(rollcall: Rollcall, root: Path, policy: Path) -> None:
    outcome = rollcall.once(root)
    (agent,) = outcome.of("ai_agent")
    assert (agent["sanction"], agent["in_scope"], agent["role"]) == ("sanctioned", False, "producer")
    (said,) = outcome.of("policy")
    assert (said["state"], said["version"], said["role"]) == ("current", "9", "user")
    assert outcome.status == 0


def test_without_a_policy_a_system_is_in_scope_and_nothing_else_is_decided(rollcall: Rollcall, root: Path) -> None:
    outcome = rollcall.once(root)
    (agent,) = outcome.of("ai_agent")
    assert (agent["sanction"], agent["in_scope"], agent["role"]) == ("unknown", True, None)
    assert not outcome.of("policy")


def test_explain_tells_why_for_a_person_and_for_a_program(rollcall: Rollcall, root: Path, policy: Path) -> None:
    text = rollcall("--root", root, "policy", "explain").stdout.decode()
    assert f"policy 9 in force: {policy}" in text
    assert "state: sanctioned, out of scope, role producer" in text
    assert "* agent 1 (line 3): decides" in text
    assert "finding org.local: high, open since" in text
    outcome = rollcall("--root", root, "policy", "explain", "files", "--format", "json")
    said = json.loads(outcome.stdout)
    assert said["policy"]["version"] == "9"
    assert [one["kind"] for one in said["explanations"]] == ["mcp_server"]
    missing = rollcall("--root", root, "policy", "explain", "nobody")
    assert (missing.status, missing.stderr) == (1, b"rollcall: no agent, server or finding here is called nobody\n")


def test_rules_of_the_organisation_are_listed_and_shown(rollcall: Rollcall, policy: Path) -> None:
    assert b"\norg.local " in rollcall("rules", "list").stdout
    shown = rollcall("rules", "show", "org.local").stdout
    assert b"remedy: Package it." in shown and b"see: https://wiki.example.com/mcp" in shown


def test_check_names_line_and_key_and_looks_at_what_the_settings_name(rollcall: Rollcall, policy: Path) -> None:
    assert rollcall("policy", "check").stdout == f"{policy}: version 9 is ok\n".encode()
    policy.write_text(POLICY.replace("in_scope", "inscope"))
    for outcome in (rollcall("policy", "check"), rollcall("policy", "check", policy)):
        assert outcome.status == 2
        assert outcome.stderr == f"{policy}:6: agent.0.inscope: Extra inputs are not permitted\n".encode()


def test_check_asks_for_the_signature_where_the_settings_do(rollcall: Rollcall, policy: Path, tmp_path: Path) -> None:
    signer = Signer(tmp_path / "signer")
    with (rollcall.folder / "config.toml").open("a") as config:
        config.write(f'public_key = "{signer.public_key}"\n')
    assert b"policy.toml.minisig: FileNotFoundError" in rollcall("policy", "check").stderr
    policy.with_name("policy.toml.minisig").write_text(signer.sign(POLICY))
    assert rollcall("policy", "check").status == 0


def test_settings_that_cannot_be_safe_are_refused(rollcall: Rollcall) -> None:
    config = rollcall.folder / "config.toml"
    base = config.read_text()
    for wrong, error in {
        'url = "http://example.com/p.toml"': "must be https://",
        'url = "https://example.com/p.toml"': "url needs public_key",
        'url = "https://u:hunter2@example.com/p.toml"': "no credentials",
        'public_key = "hunter2"': "56 characters",
        'file = "a"\nurl = "https://example.com/p"': "exclude each other",
    }.items():
        config.write_text(f"{base}[policy]\n{wrong}\n")
        outcome = rollcall("config", "check")
        assert outcome.status == 2
        assert error.encode() in outcome.stderr
        assert b"hunter2" not in outcome.stderr
