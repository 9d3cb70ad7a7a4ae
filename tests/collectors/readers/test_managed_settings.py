"""What an administrator sets through preference domains (macOS) and the registry (Windows), read as data."""

from __future__ import annotations

import base64
import json
import plistlib
from pathlib import Path
from typing import Any

import pytest

from agent.records import Artifact, Diagnostic, McpServer, Posture, Record
from collectors.catalog.catalog import Catalog
from collectors.configs.collector import ConfigCollector
from collectors.contract import Observation
from collectors.readers.explain import explain
from collectors.sources.account import Os
from collectors.sources.filesystem.file_tree import FileTree
from collectors.sources.filesystem.windows_registry import Registry
from tests.collectors.sources.filesystem.fake_winreg import FakeWinreg, Tree
from tests.collectors.world import World

CATALOG = Catalog.load()
MACHINE = "/Library/Managed Preferences"
SECRET = "Zq7planted5x"
CLAUDE: dict[str, Any] = {
    "permissions": {"defaultMode": "plan", "deny": ["Bash(curl:*)"]},
    "hooks": {"Stop": [{"hooks": [{"type": "command", "command": f"/opt/guard --key {SECRET}"}]}]},
}
DESKTOP = {"managedMcpServers": json.dumps([{"name": "tickets", "url": f"https://t.example/mcp?key={SECRET}"}])}
CODEX = {
    "config_toml_base64": base64.b64encode(
        f'[mcp_servers.a]\ncommand="npx"\nenv={{API_KEY="{SECRET}"}}'.encode()
    ).decode(),
    "requirements_toml_base64": base64.b64encode(b'allowed_sandbox_modes = ["read-only"]').decode(),
}


def world(root: Path, os: Os, *clients: str) -> World:
    return World(root, *(CATALOG.clients[id] for id in clients), os=os, owners=("dev", "eve"))


def windows(root: Path, machine: Tree, users: Tree, *clients: str) -> World:
    made = world(root, "windows", *clients)
    profiles = {"S-1-5-21-1": "C:\\Users\\dev", "S-1-5-21-2": "C:\\Users\\eve"}
    made.files = FileTree(str(root), "windows", registry=Registry(FakeWinreg(machine, users, profiles)))
    return made


def seen(world: World) -> list[Observation]:
    found = list(ConfigCollector().collect(world.context))
    assert SECRET not in repr(found)
    return found


def records(world: World) -> list[Record]:
    return [record for observation in seen(world) for record in observation.records]


def only(found: list[Record], kind: type[Any]) -> Any:
    (record,) = [record for record in found if isinstance(record, kind)]
    return record


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_the_domain_of_the_machine_sets_what_a_settings_file_would(tmp_path: Path, form: Any) -> None:
    made = world(tmp_path, "macos", "claude-code")
    made.write(f"{MACHINE}/com.anthropic.claudecode.plist", plistlib.dumps(CLAUDE, fmt=form))
    found = records(made)
    posture, hook = only(found, Posture), only(found, Artifact)
    assert (posture.owner, posture.set_by, posture.approval_mode) == (None, "managed", "asks_always")
    assert [rule.effect for rule in posture.rules] == ["deny"]
    assert (hook.scope, hook.program) == ("managed", "guard")
    assert posture.source.path == f"{MACHINE}/com.anthropic.claudecode.plist"


def test_the_domain_of_an_account_is_that_accounts_alone(tmp_path: Path) -> None:
    made = world(tmp_path, "macos", "claude-code")
    made.write(f"{MACHINE}/eve/com.anthropic.claudecode.plist", plistlib.dumps(CLAUDE))
    assert only(records(made), Posture).owner == "eve"


def test_documents_in_the_texts_of_a_domain_are_read_in_their_own_format(tmp_path: Path) -> None:
    made = world(tmp_path, "macos", "claude-desktop", "codex")
    made.write(f"{MACHINE}/com.openai.codex.plist", plistlib.dumps(CODEX))
    made.write(f"{MACHINE}/dev/com.anthropic.claudefordesktop.plist", plistlib.dumps(DESKTOP))
    found = records(made)
    servers = {r.name: r for r in found if isinstance(r, McpServer)}
    assert {n: (s.owner, s.agent, s.scope, s.source.key) for n, s in servers.items()} == {
        "a": (None, "codex", "managed", "config_toml_base64.mcp_servers.a"),
        "tickets": ("dev", "claude-desktop", "managed", "managedMcpServers[tickets]"),
    }
    assert servers["tickets"].url == "https://t.example/mcp"
    assert servers["a"].env_names == ("API_KEY",) and servers["a"].inline_secret
    assert only(found, Posture).permitted_sandboxes == ("full",)


def test_a_damaged_domain_is_unknown_and_says_so(tmp_path: Path) -> None:
    made = world(tmp_path, "macos", "claude-desktop")
    path = made.write(f"{MACHINE}/com.anthropic.claudefordesktop.plist", plistlib.dumps({"managedMcpServers": "[{"}))
    (observation,) = [o for o in seen(made) if o.scope.key == path]
    assert observation.unknown
    problem = only(list(observation.records), Diagnostic)
    assert (problem.code, problem.agent, problem.severity) == ("parse.json", "claude-desktop", "error")


def test_a_domain_without_the_value_defines_nothing(tmp_path: Path) -> None:
    made = world(tmp_path, "macos", "claude-desktop")
    made.write(f"{MACHINE}/com.anthropic.claudefordesktop.plist", plistlib.dumps({"disableAutoUpdates": True}))
    assert not [r for r in records(made) if isinstance(r, McpServer | Diagnostic)]


def test_policies_of_the_machine_and_of_an_account_are_read_from_the_registry(tmp_path: Path) -> None:
    machine = {"SOFTWARE": {"Policies": {"ClaudeCode": {"Settings": json.dumps(CLAUDE)}, "Claude": DESKTOP}}}
    users = {
        "S-1-5-21-1": {"SOFTWARE": {"Policies": {"Microsoft": {"VSCode": {"ChatMCP": "none"}}}}},
        "S-1-5-21-2": {"SOFTWARE": {"Policies": {"Microsoft": {"VSCode": {"ChatToolsAutoApprove": 1}}}}},
    }
    found = records(windows(tmp_path, machine, users, "claude-code", "claude-desktop", "vscode"))
    postures = {(r.owner, r.agent): r for r in found if isinstance(r, Posture)}
    assert postures.keys() == {(None, "claude-code"), ("dev", "vscode"), ("eve", "vscode")}
    claude = postures[None, "claude-code"]
    assert (claude.source.path, claude.source.key) == (r"HKLM\SOFTWARE\Policies\ClaudeCode", "Settings")
    assert [rule.effect for rule in postures["dev", "vscode"].servers] == ["deny"]
    assert postures["eve", "vscode"].approval_mode == "bypasses"
    assert only(found, McpServer).source.path == r"HKLM\SOFTWARE\Policies\Claude"
    assert not [r for r in found if isinstance(r, Diagnostic)]


def test_a_key_that_may_not_be_read_is_unknown(tmp_path: Path) -> None:
    machine = {"SOFTWARE": {"Policies": {"ClaudeCode": {"<denied>": 1}}}}
    made = windows(tmp_path, machine, {"S-1-5-21-1": {}, "S-1-5-21-2": {}}, "claude-code")
    (observation,) = [o for o in seen(made) if o.scope.key == "HKLM/SOFTWARE/Policies/ClaudeCode"]
    assert observation.unknown
    problem = only(list(observation.records), Diagnostic)
    assert (problem.code, problem.path) == ("file.not_permitted", r"HKLM\SOFTWARE\Policies\ClaudeCode")


def test_what_cannot_be_seen_of_the_registry_is_told_once_for_each_account(tmp_path: Path) -> None:
    made = windows(tmp_path, {}, {"S-1-5-21-1": {}}, "claude-code", "vscode")
    hidden = [r for r in records(made) if isinstance(r, Diagnostic)]
    assert [(r.code, r.owner, r.path) for r in hidden] == [("registry.hidden", "eve", "HKCU")]
    image = world(tmp_path, "windows", "claude-code", "vscode")
    hidden = [r for r in records(image) if isinstance(r, Diagnostic)]
    assert {(r.code, r.owner, r.path) for r in hidden} == {
        ("registry.hidden", None, "HKLM"), ("registry.hidden", "dev", "HKCU"), ("registry.hidden", "eve", "HKCU"),
    }  # fmt: skip


def test_a_policy_that_changed_or_is_gone_is_seen_by_the_next_collection(tmp_path: Path) -> None:
    demo: Tree = {"Settings": json.dumps(CLAUDE)}
    policies = {"ClaudeCode": demo}
    made = windows(tmp_path, {"SOFTWARE": {"Policies": policies}}, {}, "claude-code")
    collector = ConfigCollector()
    list(collector.collect(made.context))
    demo["Settings"] = json.dumps({"permissions": {"defaultMode": "acceptEdits"}})
    again = [r for o in collector.collect(made.context) for r in o.records]
    assert only(again, Posture).approval_mode == "auto_approves"
    policies.clear()
    assert not [r for o in collector.collect(made.context) for r in o.records if isinstance(r, Posture)]


def test_a_profile_from_a_ticket_is_explained_wherever_it_lies(tmp_path: Path) -> None:
    made = world(tmp_path, "macos", "claude-desktop")
    made.files = FileTree("/", "macos")
    path = tmp_path / "com.anthropic.claudefordesktop.plist"
    path.write_bytes(plistlib.dumps(DESKTOP))
    (found,) = explain(made.context, str(path))
    assert only(list(found.records), McpServer).name == "tickets"
