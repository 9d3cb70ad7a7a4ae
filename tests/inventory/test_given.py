"""A whole look at a machine with what an administrator gave beside the policy: people, publishers, and a bad file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.config.settings import Settings
from agent.records import AiAgent, Diagnostic, Finding, McpServer, Owner, SignIn
from agent.service.scan import ScanResult, take_inventory

SERVERS = {"known": {"command": "npx", "args": ["@x/a@1.0.0"]}, "stranger": {"command": "npx", "args": ["@y/b"]}}
PASSWD = "root:x:0:0:root:/root:/bin/sh\ndev:x:1000:1000:Dana Dev,,,:/home/dev:/bin/sh\n"
REGISTRY = {"servers": [{"server": {"name": "x", "packages": [{"registryType": "npm", "identifier": "@x/a"}]}}]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for path, content in {
        "etc/passwd": PASSWD,
        "home/dev/.claude.json": json.dumps(
            {
                "mcpServers": SERVERS,
                "oauthAccount": {"emailAddress": "dana@example.test", "accountUuid": "Zq7planted5x"},
            }
        ),
        "home/dev/.cursor/mcp.json": json.dumps({"mcpServers": {"known": SERVERS["known"]}}),
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    return root


def look(root: Path, people: bool = True, **policy: str) -> ScanResult:
    given: dict[str, Any] = {"policy": policy, "collect": {"people": people}, "state": {"dir": str(root.parent / "s")}}
    return take_inventory(Settings.model_validate(given), str(root))


def who(look: ScanResult) -> dict[str, tuple[str | None, str | None]]:
    told = [r for r in look.records if isinstance(r, AiAgent | McpServer | Owner) and r.owner == "dev"]
    return {f"{r.kind} {getattr(r, 'agent', '')}": (r.accountable, r.accountable_by) for r in told}


def test_who_is_signed_in_answers_for_that_client_and_the_account_for_the_others(root: Path) -> None:
    seen = look(root)
    assert who(seen) == {
        "owner ": ("Dana Dev", "account"),
        "ai_agent claude-code": ("dana@example.test", "signed_in"),
        "mcp_server claude-code": ("dana@example.test", "signed_in"),
        "ai_agent cursor": ("Dana Dev", "account"),
        "mcp_server cursor": ("Dana Dev", "account"),
    }
    assert "Zq7planted5x" not in "".join(record.to_json() for record in seen.records)


def test_without_people_nobody_is_named_but_the_account(root: Path) -> None:
    seen = look(root, people=False)
    assert set(who(seen).values()) == {("dev", "account")}
    text = "".join(record.to_json() for record in seen.records)
    assert "Dana" not in text and "dana@" not in text
    assert not [record for record in seen.records if isinstance(record, SignIn)]


def test_the_assignment_file_says_who_it_is_and_findings_name_them(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "assignment.toml"
    path.write_text('[[assignment]]\naccount = "dev"\nperson = "Sam"\nteam = "Tools"\n')
    seen = look(root, assignment=str(path))
    assert set(who(seen).values()) == {("Sam", "assignment")}
    assert {r.accountable for r in seen.records if isinstance(r, Finding) and r.owner == "dev"} == {"Sam"}


def test_the_registry_snapshot_tells_known_publishers_from_strangers(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "registry.json"
    path.write_text(json.dumps(REGISTRY))
    seen = look(root, registry_snapshot=str(path))
    known = {(r.agent, r.name): r.publisher_known for r in seen.records if isinstance(r, McpServer)}
    assert known == {("claude-code", "known"): True, ("cursor", "known"): True, ("claude-code", "stranger"): False}
    told = [r.subject for r in seen.records if isinstance(r, Finding) and r.rule == "server.unregistered"]
    assert told == ["stranger in claude-code (dev)"]
    assert not [r for r in look(root).records if isinstance(r, Finding) and r.rule == "server.unregistered"]


@pytest.mark.parametrize("setting", ["assignment", "registry_snapshot"])
def test_a_bad_file_is_a_finding_and_the_look_is_partial(root: Path, tmp_path: Path, setting: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{"hunter2": ')
    seen = look(root, **{setting: str(path)})
    assert seen.summary.status == "partial"
    told = [r for r in seen.records if isinstance(r, Diagnostic | Finding) and str(path) in r.to_json()]
    assert {r.kind for r in told} == {"diagnostic", "finding"}
    assert "hunter2" not in "".join(r.to_json() for r in seen.records)
