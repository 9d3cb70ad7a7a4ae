"""What the real clients do with settings that are easily read wrongly; whole homes in, the effective posture out.

Where a version stands beside a case, that version of the client was seen to do so.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.config.load import Settings
from agent.records import Diagnostic, Posture, Record
from agent.service.scan import take_inventory

AUGMENT = {"toolPermissions": [{"toolName": "launch-process", "permission": {"type": "allow"}}]}
CLAUDE, OPENCODE = "home/dev/.claude/settings.json", "home/dev/.config/opencode/opencode.json"
CODEX, GEMINI = "home/dev/.codex/", "home/dev/.gemini/settings.json"
COPILOT = "home/dev/.copilot/permissions-config.json"
VSCODE = "home/dev/.config/Code/User/settings.json"
MANAGED = "etc/claude-code/managed-settings.json"
INSIDERS = "home/dev/.config/Code - Insiders/User/settings.json"
QAGENT, FACTORY = "home/dev/.aws/amazonq/cli-agents/default.json", "home/dev/.factory/settings.json"
TERMINAL = "chat.tools.terminal.autoApprove"
FULL = 'default_permissions = ":danger-full-access"'
CHOSEN = 'default_permissions = "x"\n'
ZED = {"agent": {"tool_permissions": {"tools": {"terminal": {"default": "allow"}}}}}
PROJECT = "home/dev/code/app/"


def inventory(root: Path, files: dict[str, Any]) -> tuple[Record, ...]:
    (root / "root" / PROJECT / ".git").mkdir(parents=True)
    for path, content in files.items():
        file = root / "root" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))
    settings = Settings.model_validate({"state": {"dir": str(root / "state")}})
    return tuple(take_inventory(settings, str(root / "root")).records)


def effective(records: tuple[Record, ...], agent: str, project: str | None = None) -> Posture:
    mine = [r for r in records if isinstance(r, Posture) and r.basis == "effective" and r.owner == "dev"]
    [found] = [posture for posture in mine if (posture.agent, posture.project) == (agent, project)]
    return found


def permissions(**fields: Any) -> dict[str, Any]:
    return {"permissions": fields}


LOCKED = {"disableAutoMode": "disable"}
BYPASS = permissions(defaultMode="bypassPermissions")

CLAUDE_CASES: list[tuple[str, dict[str, Any], str]] = [
    # Seen with 2.1.197: rules let through what they allow in every mode.
    ("plan is no lock for what is allowed", {CLAUDE: permissions(defaultMode="plan", allow=["Bash"])}, "auto_approves"),
    ("nor is dontAsk", {CLAUDE: permissions(defaultMode="dontAsk", allow=["Bash(*)"])}, "auto_approves"),
    ("edits", {CLAUDE: permissions(allow=["Edit"])}, "auto_approves"),
    ("edits of all files", {CLAUDE: permissions(allow=["Write(**)"])}, "auto_approves"),
    ("a shell", {CLAUDE: permissions(allow=["Bash(sh:*)"])}, "auto_approves"),
    ("an interpreter", {CLAUDE: permissions(allow=["Bash(python3 -c:*)"])}, "auto_approves"),
    ("one script", {CLAUDE: permissions(allow=["Bash(python3 check.py:*)"])}, "asks_risky"),
    ("one command", {CLAUDE: permissions(allow=["Bash(python3)"])}, "asks_risky"),
    ("one folder", {CLAUDE: permissions(allow=["Edit(docs/**)"])}, "asks_risky"),
    ("reading everything", {CLAUDE: permissions(allow=["Read(**)"])}, "asks_risky"),
    # Seen with 2.1.197: none of these is a rule.
    ("a star alone", {CLAUDE: permissions(allow=["*", "B*", "bash", "Bash()", "Bash(:*)"])}, "asks_risky"),
    ("asked for again", {CLAUDE: permissions(allow=["Bash(*)"], ask=["Bash"])}, "asks_risky"),
    ("forbidden again", {CLAUDE: permissions(allow=["Bash(touch *)", "Bash"], deny=["Bash(*)"])}, "asks_risky"),
    # Seen with 2.1.197: the whole file is dropped.
    ("a number for a text", {CLAUDE: {"model": 3, **BYPASS}}, "asks_risky"),
    ("a list that is null", {CLAUDE: permissions(defaultMode="plan", deny=None)}, "asks_risky"),
    ("a comment", {CLAUDE: '{"permissions": {"defaultMode": "plan"} /* only */}'}, "asks_risky"),
    ("a comma", {CLAUDE: BYPASS, MANAGED: '{"permissions": {"defaultMode": "plan"},}'}, "bypasses"),
    # Seen with 2.1.197: these are not.
    ("a hook of a wrong shape", {CLAUDE: {"hooks": [], **BYPASS}}, "bypasses"),
    ("a rule that is none", {CLAUDE: permissions(defaultMode="bypassPermissions", deny=[3])}, "bypasses"),
    ("a key that nobody knows", {CLAUDE: {"newKey": 1, **BYPASS}}, "bypasses"),
    ("auto mode", {CLAUDE: permissions(defaultMode="auto")}, "auto_approves"),
    ("auto mode locked out", {CLAUDE: permissions(defaultMode="auto"), MANAGED: LOCKED}, "asks_risky"),
    ("a copy of the organisation's settings", {CLAUDE: BYPASS, "home/dev/.claude/remote-settings.json": permissions(
        defaultMode="plan", disableBypassPermissionsMode="disable")}, "bypasses"),
    ("such a copy that loosens", {"home/dev/.claude/remote-settings.json": BYPASS}, "bypasses"),
    ("a hidden file among drop-ins", {CLAUDE: BYPASS, "etc/claude-code/managed-settings.d/.a.json": permissions(
        disableBypassPermissionsMode="disable")}, "bypasses"),
    ("a drop-in", {CLAUDE: BYPASS, "etc/claude-code/managed-settings.d/a.json": permissions(
        disableBypassPermissionsMode="disable")}, "asks_risky"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "mode"), [case[1:] for case in CLAUDE_CASES], ids=[case[0] for case in CLAUDE_CASES])
def test_claude_code(files: dict[str, Any], mode: str, tmp_path: Path) -> None:
    assert effective(inventory(tmp_path, files), "claude-code").approval_mode == mode


@pytest.mark.parametrize(
    ("sandbox", "told"),
    [
        ({"enabled": True}, ("asks_risky", "partial", "restricted")),
        ({"enabled": True, "excludedCommands": ["docker *"]}, ("asks_risky", "partial", "restricted")),
        ({"enabled": True, "excludedCommands": ["*"]}, ("auto_approves", "none", "on")),
        ({"enabled": True, "filesystem": {"allowWrite": ["/"]}}, ("auto_approves", "none", "on")),
        ({"enabled": True, "network": {"allowedDomains": ["*"]}}, ("asks_risky", "partial", "on")),
        ({"enabled": True, "network": {"allowUnixSockets": ["/var/run/docker.sock"]}}, ("auto_approves", "none", "on")),
        ({"enabled": True, "excludedCommands": ["*"], "autoAllowBashIfSandboxed": False}, ("asks_risky", "none", "on")),
        ({"enabled": False}, ("asks_risky", "none", "on")),
    ],
)
def test_a_sandbox_with_an_open_door_is_none(sandbox: dict[str, Any], told: tuple[str, ...], tmp_path: Path) -> None:
    posture = effective(inventory(tmp_path, {CLAUDE: {"sandbox": sandbox}}), "claude-code")
    assert (posture.approval_mode, posture.sandbox, posture.network) == told


def test_what_a_client_ignores_is_told_with_the_reason(tmp_path: Path) -> None:
    records = inventory(tmp_path, {CLAUDE: {"model": 3}, MANAGED: "{} // none"})
    told = {(d.key, d.line) for d in records if isinstance(d, Diagnostic) and d.code == "file.ignored"}
    assert told == {("model", None), (None, 1)}


ASK = {"edit": "ask", "bash": "ask"}
SERVER = {"mcp": {"crm": {"type": "local", "command": ["npx", "-y", "crm-mcp@1.0.0"]}}}


@pytest.mark.parametrize(
    ("user", "project", "mode"),
    [
        # Seen with opencode 1.18.33, `debug agent build`.
        ({"permission": {"bash": "ask"}}, {}, "auto_approves"),
        ({"permission": {"bash": {}}}, {}, "auto_approves"),
        ({"permission": {"edit": {"secret/*": "deny"}, "bash": "ask"}}, {}, "auto_approves"),
        ({"permission": ASK}, {}, "asks_risky"),
        ({"permission": ASK, **SERVER}, {}, "auto_approves"),
        ({"permission": {**ASK, "b*": "allow"}}, {}, "auto_approves"),
        ({"permission": {"bash": "allow", "*": "ask"}}, {}, "asks_risky"),
        ({"permission": "deny"}, {}, "asks_always"),
        ({"permission": {**ASK, "bash": {"*": "ask", "git *": "allow"}}}, {}, "asks_risky"),
        ({"permission": {**ASK, "bash": {"*": "ask", "bash *": "allow"}}}, {}, "auto_approves"),
        ({"permission": ASK, "agent": {"build": {"permission": {"bash": "allow"}}}}, {}, "auto_approves"),
        ({"permission": ASK, "agent": {"free": {"permission": {"bash": "allow"}}}}, {}, "asks_risky"),
        ({"permission": ASK, "default_agent": "free", "agent": {"free": {"permission": "allow"}}}, {}, "auto_approves"),
        ({"permission": ASK, "agent": {"build": {"tools": {"bash": True}}}}, {}, "auto_approves"),
        ({"permission": ASK, "mode": {"build": {"permission": {"bash": "allow"}}}}, {}, "auto_approves"),
        ({"permission": {"edit": "perhaps", "bash": "ask", "*": "ask"}}, {}, "unknown"),
        # A map of the project in place of an action leaves the rest to the client, which allows.
        ({"permission": {"*": "ask", "bash": "ask"}}, {"permission": {"bash": {"git *": "allow"}}}, "asks_risky"),
        ({"permission": {"bash": "ask", "edit": "ask"}}, {"permission": {"bash": {"git *": "ask"}}}, "auto_approves"),
        # A key of the project keeps the place that it has in the user's map.
        ({"permission": {"*": "ask", "bash": "allow"}}, {"permission": {"*": "ask"}}, "auto_approves"),
    ],
)
def test_opencode(user: dict[str, Any], project: dict[str, Any], mode: str, tmp_path: Path) -> None:
    records = inventory(tmp_path, {OPENCODE: user, f"{PROJECT}opencode.json": project} if project else {OPENCODE: user})
    place = f"/{PROJECT.rstrip('/')}" if project else None
    assert effective(records, "opencode", place).approval_mode == mode


@pytest.mark.parametrize(
    ("approved", "rule", "mode"),
    [
        # Seen with 1.0.102.
        ({"kind": "commands", "commandIdentifiers": ["make"]}, ("command", "make"), "asks_risky"),
        ({"kind": "commands"}, ("tool", "commands"), "auto_approves"),
        ({"kind": "write"}, ("tool", "write"), "auto_approves"),
        ({"kind": "mcp", "serverName": "crm", "toolName": None}, ("server", "crm"), "asks_risky"),
        ({"kind": "mcp", "serverName": "crm", "toolName": "list"}, ("tool", "crm/list"), "asks_risky"),
    ],
)
def test_copilot_obeys_what_was_approved_for_a_place(
    approved: dict[str, Any], rule: tuple[str, str], mode: str, tmp_path: Path
) -> None:
    folder = f"/{PROJECT.rstrip('/')}"
    approvals = {"locations": {folder: {"tool_approvals": [approved]}}}
    posture = effective(inventory(tmp_path, {COPILOT: approvals}), "copilot-cli", folder)
    assert ([(r.subject, r.pattern) for r in posture.rules], posture.approval_mode) == ([rule], mode)


def test_a_repository_frees_the_agent_that_everybody_runs(tmp_path: Path) -> None:
    agent = '---\ndescription: builds\npermission:\n  "*": allow\n---\nBuild.\n'
    files = {OPENCODE: {"permission": {"*": "ask"}}, f"{PROJECT}.opencode/agents/build.md": agent}
    records = inventory(tmp_path, files)
    assert effective(records, "opencode").approval_mode == "asks_risky"
    assert effective(records, "opencode", f"/{PROJECT.rstrip('/')}").approval_mode == "auto_approves"
    told = {r.rule for r in records if r.kind == "finding"}  # type: ignore[attr-defined]  # a finding
    assert {"posture.project", "posture.everything"} <= told


@pytest.mark.parametrize(
    ("files", "told"),
    [
        # Seen with Codex 0.169.0 and 0.171.0, `debug prompt-input`.
        (
            {"config.toml": 'sandbox_mode = "read-only"\ndefault_permissions = ":danger-full-access"'},
            ("bypasses", "none"),
        ),
        ({"config.toml": 'default_permissions = ":workspace"'}, ("asks_risky", "partial")),
        ({"config.toml": 'default_permissions = ":read-only"'}, ("asks_risky", "full")),
        (
            {"config.toml": 'default_permissions = "x"\n[permissions.x.filesystem]\n":root" = "write"'},
            ("bypasses", "none"),
        ),
        (
            {"config.toml": 'default_permissions = "x"\n[permissions.x]\nextends = ":danger-full-access"'},
            ("bypasses", "none"),
        ),
        ({"config.toml": 'default_permissions = "elsewhere"'}, ("asks_risky", "unknown")),
        ({"config.toml": '[sandbox_workspace_write]\nwritable_roots = ["/"]'}, ("bypasses", "none")),
        # Seen with 0.80.0; later versions refuse to start.
        (
            {"config.toml": 'profile = "fast"\n[profiles.fast]\napproval_policy = "never"'},
            ("auto_approves", "partial"),
        ),
        ({"config.toml": '[profiles.fast]\napproval_policy = "never"'}, ("asks_risky", "partial")),
        ({"fast.config.toml": 'approval_policy = "never"', "config.toml": ""}, ("asks_risky", "partial")),
        ({"config.toml": "", "rules/a.rules": 'prefix_rule(pattern = ["bash"])'}, ("auto_approves", "partial")),
        (
            {"config.toml": "", "rules/a.rules": 'prefix_rule(pattern=["git", ["push"]], decision="allow")'},
            ("asks_risky", "partial"),
        ),
        (
            {"config.toml": "", "rules/a.rules": 'prefix_rule(pattern = ["bash"], decision = "prompt")'},
            ("asks_risky", "partial"),
        ),
    ],
)
def test_codex(files: dict[str, str], told: tuple[str, str], tmp_path: Path) -> None:
    posture = effective(inventory(tmp_path, {CODEX + name: text for name, text in files.items()}), "codex")
    assert (posture.approval_mode, posture.sandbox) == told


def test_what_an_administrator_manages_wins_in_codex(tmp_path: Path) -> None:
    managed = 'approval_policy = "never"\nsandbox_mode = "danger-full-access"'
    user = 'approval_policy = "on-request"\nsandbox_mode = "read-only"'
    posture = effective(
        inventory(tmp_path, {f"{CODEX}config.toml": user, "etc/codex/managed_config.toml": managed}), "codex"
    )
    assert (posture.approval_mode, posture.sandbox, posture.set_by) == ("bypasses", "none", "managed")


@pytest.mark.parametrize(
    ("agent", "path", "content", "mode"),
    [
        ("gemini-cli", GEMINI, {"tools": {"allowed": ["run_shell_command"]}}, "auto_approves"),
        ("gemini-cli", GEMINI, {"tools": {"allowed": ["run_shell_command(git)"]}}, "asks_risky"),
        ("gemini-cli", GEMINI, {"tools": {"autoAccept": True}}, "asks_risky"),
        ("qwen-code", "home/dev/.qwen/settings.json", {"permissions": {"allow": ["Bash"]}}, "auto_approves"),
        ("continue", "home/dev/.continue/permissions.yaml", 'allow:\n  - "*"\n', "auto_approves"),
        ("continue", "home/dev/.continue/permissions.yaml", "allow:\n  - Bash(ls*)\n", "asks_risky"),
        ("cursor-agent", "home/dev/.cursor/cli-config.json", {"permissions": {"allow": ["Shell(*)"]}}, "auto_approves"),
        ("cursor", "home/dev/.cursor/permissions.json", {"terminalAllowlist": ["bash"]}, "auto_approves"),
        ("vscode", VSCODE, {TERMINAL: {"/.*/": True}}, "auto_approves"),
        ("vscode", VSCODE, {TERMINAL: {"npm test": True}}, "asks_risky"),
        ("zed", "home/dev/.config/zed/settings.json", ZED, "auto_approves"),
        ("vscode-insiders", INSIDERS, {"chat.tools.global.autoApprove": True}, "bypasses"),
        ("vscodium", "home/dev/.config/VSCodium/User/settings.json", {"chat.tools.autoApprove": True}, "bypasses"),
        ("openclaw", "home/dev/.openclaw/openclaw.json", {}, "bypasses"),
        ("openclaw", "home/dev/.openclaw/openclaw.json", {"tools": {"exec": {"security": "allowlist"}}}, "asks_risky"),
        ("openclaw", "home/dev/.openclaw/openclaw.json", {"tools": {"exec": {"ask": "on-miss"}}}, "bypasses"),
        ("hermes", "home/dev/.hermes/config.yaml", "approvals:\n  mode: off\n", "bypasses"),
        ("hermes", "home/dev/.hermes/config.yaml", "approvals:\n  mode: manual\n", "asks_risky"),
        ("hermes", "home/dev/.hermes/config.yaml", "approvals:\n  mode: manual\n  cron_mode: approve\n", "bypasses"),
        ("amazon-q", QAGENT, {"allowedTools": ["fs_read", "@git"]}, "asks_risky"),
        ("amazon-q", QAGENT, {"allowedTools": ["*"]}, "asks_risky"),
        ("amazon-q", QAGENT, {"allowedTools": ["@builtin"]}, "auto_approves"),
        ("amazon-q", QAGENT, {"allowedTools": ["execute_*"]}, "auto_approves"),
        ("amazon-q", QAGENT, {"toolsSettings": {"execute_bash": {"allowedCommands": [".*"]}}}, "auto_approves"),
        ("kiro", "home/dev/.kiro/agents/a.json", {"mcpServers": {}, "allowedTools": ["shell"]}, "auto_approves"),
        ("kiro", "home/dev/.kiro/agents/a.json", {"mcpServers": {}, "allowedTools": ["read"]}, "asks_risky"),
        ("kilo-code", "home/dev/.config/kilo/kilo.jsonc", {"permission": {"edit": "ask", "bash": "ask"}}, "asks_risky"),
        ("kilo-code", "home/dev/.config/kilo/kilo.jsonc", {"permission": {"bash": "ask"}}, "auto_approves"),
        ("crush", "home/dev/.config/crush/crush.json", {"permissions": {"allowed_tools": ["bash"]}}, "auto_approves"),
        ("crush", "home/dev/.config/crush/crush.json", {"permissions": {"allowed_tools": ["view"]}}, "asks_risky"),
        ("factory-droid", FACTORY, {"sessionDefaultSettings": {"autonomyLevel": "medium"}}, "auto_approves"),
        ("factory-droid", FACTORY, {"commandAllowlist": ["ls", "pwd"]}, "asks_risky"),
        ("factory-droid", FACTORY, {"commandAllowlist": ["bash"]}, "auto_approves"),
        ("aider", "home/dev/.aider.conf.yml", "yes-always: true\n", "auto_approves"),
        ("kimi-cli", "home/dev/.kimi/config.toml", "default_yolo = true\n", "bypasses"),
        ("iflow", "home/dev/.iflow/settings.json", {"approvalMode": "yolo"}, "bypasses"),
        ("codebuddy", "home/dev/.codebuddy/settings.json", permissions(defaultMode="bypassPermissions"), "bypasses"),
        ("codebuddy", "home/dev/.codebuddy/settings.json", permissions(allow=["Bash"]), "auto_approves"),
        ("qoder", "home/dev/.qoder/settings.json", permissions(defaultMode="bypassPermissions"), "bypasses"),
        ("qoder", "home/dev/.qoder/settings.json", permissions(allow=["Bash"]), "auto_approves"),
        ("augment", "home/dev/.augment/settings.json", AUGMENT, "auto_approves"),
        ("rovo-dev", "home/dev/.rovodev/config.yml", "toolPermissions:\n  allowAll: true\n", "bypasses"),
        ("rovo-dev", "home/dev/.rovodev/config.yml", "toolPermissions:\n  default: allow\n", "auto_approves"),
        ("mistral-vibe", "home/dev/.vibe/config.toml", '[tools.bash]\npermission = "always"\n', "auto_approves"),
    ],
)  # fmt: skip
def test_allow_rules_of_other_clients(agent: str, path: str, content: Any, mode: str, tmp_path: Path) -> None:
    assert effective(inventory(tmp_path, {path: content}), agent).approval_mode == mode


@pytest.mark.parametrize(
    ("version", "settings", "mode"),
    [
        # From 2.1.283 on sessions start in auto mode; 2.1.332 says so itself.
        ("2.1.332", {}, "auto_approves"),
        ("2.1.332", permissions(defaultMode="default"), "asks_risky"),
        ("2.1.332", permissions(disableAutoMode="disable"), "asks_risky"),
        ("2.1.197", {}, "asks_risky"),
    ],
)
def test_the_mode_that_nobody_set_is_that_of_the_version(
    version: str, settings: dict[str, Any], mode: str, tmp_path: Path
) -> None:
    package = "usr/local/lib/node_modules/@anthropic-ai/claude-code/package.json"
    files = {CLAUDE: settings, package: {"name": "@anthropic-ai/claude-code", "version": version}}
    assert effective(inventory(tmp_path, files), "claude-code").approval_mode == mode
