"""What clients make of settings that were read wrongly once, each in an account of its own: the mode it comes to."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent.config.load import Settings
from agent.records import Approval, Posture
from agent.service.scan import take_inventory

Case = tuple[str, str, dict[str, Any], str]
ALLOWED = {"allowed": ["run_shell_command"]}
EXCLUDED = {"exclude": ["run_shell_command"]}
SHELL = 'toolName = "run_shell_command"'


def claude(*allow: str) -> dict[str, Any]:
    return {".claude/settings.json": {"permissions": {"allow": list(allow)}}}


def gemini(policy: str, **settings: Any) -> dict[str, Any]:
    return {".gemini/settings.json": settings, ".gemini/policies/own.toml": policy}


def rule(text: str, decision: str = "allow", priority: int = 100) -> str:
    return f'[[rule]]\n{text}\ndecision = "{decision}"\npriority = {priority}\n'


def amazon_q(tool: str, path: str) -> dict[str, Any]:
    return {".aws/amazonq/cli-agents/a.json": {"toolsSettings": {tool: {"allowedPaths": [path]}}}}


def eca(**approval: Any) -> dict[str, Any]:
    return {".config/eca/config.json": {"toolCall": {"approval": approval}}}


def vibe(text: str) -> dict[str, Any]:
    return {".vibe/config.toml": text}


def roo(*commands: str) -> dict[str, Any]:
    return {
        ".config/VSCodium/User/settings.json": {"roo-cline.allowedCommands": list(commands)},
        ".vscode-oss/extensions/rooveterinaryinc.roo-cline-3.1.0/package.json": {"version": "3.1.0"},
    }


def junie(**settings: Any) -> dict[str, Any]:
    return {".junie/allowlist.json": settings}


def editor(path: str, **settings: Any) -> dict[str, Any]:
    """Settings in an editor's database of state, by key."""
    return {f".config/{path}/User/globalStorage/state.vscdb": settings}


ROO = {".vscode/extensions/rooveterinaryinc.roo-cline-3.1.0/package.json": {"version": "3.1.0"}}
CURSOR = "src.vs.platform.reactivestorage.browser.reactiveStorageServiceImpl.persistentStorage.applicationUser"
CODE = ".config/Code/User/settings.json"
SEVERAL = {"allow": {"permission": "allow"}, "ask": {"permission": {"*": "ask"}}}


CASES: tuple[Case, ...] = (
    # Claude Code 2.1.197: what runs another program runs any; `find` with -exec asks all the same.
    ("a package runner", "claude-code", claude("Bash(npx:*)"), "auto_approves"),
    ("a runner of tools", "claude-code", claude("Bash(uv run *)"), "auto_approves"),
    ("a wrapper", "claude-code", claude("Bash(timeout:*)"), "auto_approves"),
    ("a container", "claude-code", claude("Bash(docker run:*)"), "auto_approves"),
    ("all but one program", "claude-code", {".claude/settings.json": {"permissions": {
     "allow": ["Bash"], "deny": ["Bash(sudo:*)"], "ask": ["Bash(sh:*)"]}}}, "auto_approves"),
    ("all but one program there", "qwen-code", {".qwen/settings.json": {"permissions": {
     "allow": ["Bash"], "deny": ["Bash(sudo *)"]}}}, "auto_approves"),
    ("all of an agent but one", "cursor-agent", {".cursor/cli-config.json": {"permissions": {
     "allow": ["Shell(*)"], "deny": ["Shell(sudo)"]}}}, "auto_approves"),
    ("all by an expression but one", "vscode", {CODE: {"chat.tools.terminal.autoApprove": {
     "/.*/": True, "sudo": False, "bash": False}}}, "auto_approves"),
    ("an interpreter but no other", "codex", {".codex/rules/a.rules": 'prefix_rule(pattern=["python3"])\n'
     'prefix_rule(pattern=["sudo"], decision="forbidden")\n'}, "auto_approves"),
    ("all but a prefix", "gemini-cli", gemini(rule(f'{SHELL}\ncommandPrefix = "sudo"', "deny", 900), tools=ALLOWED),
     "auto_approves"),
    ("always but for two", "mistral-vibe", vibe(
     'default_agent = "ask"\n[tools.bash]\npermission = "always"\ndenylist = ["bash", "sudo"]\n'), "auto_approves"),
    ("all and nothing", "claude-code", {".claude/settings.json": {"permissions": {
     "allow": ["Bash"], "deny": ["Bash(*)"]}}}, "asks_risky"),
    ("one package", "claude-code", claude("Bash(npx prettier:*)"), "asks_risky"),
    ("what containers run", "claude-code", claude("Bash(docker ps:*)"), "asks_risky"),
    ("find", "claude-code", claude("Bash(find:*)", "Bash(npm run *)"), "asks_risky"),
    ("a runner by a rule", "codex", {".codex/rules/a.rules": 'prefix_rule(pattern=["npx"])\n'}, "auto_approves"),
    # Gemini CLI 0.61.0, packages/core/src/policy/config.ts
    ("edits in brackets", "gemini-cli", {".gemini/settings.json": {"tools": {"allowed": ["write_file(docs)"]}}},
     "auto_approves"),
    ("asked below", "gemini-cli", gemini(rule(SHELL) + rule(SHELL, "ask_user", 10)), "auto_approves"),
    ("asked above", "gemini-cli", gemini(rule(SHELL) + rule(SHELL, "ask_user", 200)), "asks_risky"),
    ("forbidden while it plans", "gemini-cli",
     gemini(rule(SHELL) + rule('toolName = "*"\nmodes = ["plan"]', "deny", 900)), "auto_approves"),
    ("forbidden without a terminal", "gemini-cli",
     gemini(rule(SHELL) + rule(f"{SHELL}\ninteractive = false", "deny", 900)), "auto_approves"),
    ("excluded below a policy", "gemini-cli", gemini(rule(SHELL, priority=500), tools=EXCLUDED), "auto_approves"),
    ("excluded above a policy", "gemini-cli", gemini(rule(SHELL), tools=EXCLUDED), "asks_risky"),
    ("a prefix of nothing", "gemini-cli", gemini(rule(f'{SHELL}\ncommandPrefix = ""')), "auto_approves"),
    ("any arguments", "gemini-cli", gemini(rule(SHELL + """\nargsPattern = '"command":".*"'""")), "auto_approves"),
    ("allowed where all is", "gemini-cli", gemini(rule('toolName = "*"\nmodes = ["yolo"]')), "asks_risky"),
    ("what only reads", "gemini-cli", gemini(rule('toolName = "*"\ntoolAnnotations = { readOnlyHint = true }')),
     "asks_risky"),
    ("no tool by name", "gemini-cli", gemini(rule('toolName = ""')), "auto_approves"),
    ("forbidden by a list of nothing", "gemini-cli",
     gemini(rule(SHELL) + rule("toolName = []", "deny", 900)), "auto_approves"),
    ("forbidden with prefixes of nothing", "gemini-cli",
     gemini(rule(SHELL) + rule(f"{SHELL}\ncommandPrefix = []", "deny", 900)), "auto_approves"),
    ("forbidden with a priority that is none", "gemini-cli",
     gemini("", tools={"allowed": ["run_shell_command"]}) | {
         ".gemini/policies/own.toml": rule(SHELL, "deny", 5000)}, "auto_approves"),
    ("policies elsewhere", "gemini-cli", {".gemini/settings.json": {"policyPaths": ["/srv/own.toml"]}}, "unknown"),
    # Amazon Q and Kiro: built-in tools' settings
    ("all paths", "amazon-q", amazon_q("fs_write", "/**"), "auto_approves"),
    ("one path", "amazon-q", amazon_q("fs_write", "src/**"), "asks_risky"),
    ("reading all paths", "amazon-q", amazon_q("fs_read", "**"), "asks_risky"),
    ("all paths of it", "kiro", {".kiro/agents/a.json": {"toolsSettings": {"write": {"allowedPaths": ["**"]}}}},
     "auto_approves"),
    ("the editor's own file", "kiro", {".config/Kiro/User/settings.json": {"kiroAgent.trustedCommands": ["*"]}},
     "auto_approves"),
    # Goose: newer versions name tools without their server
    ("edits by the new name", "goose", {".config/goose/config.yaml": "GOOSE_MODE: approve\n",
     ".config/goose/permission.yaml": "user:\n  always_allow: [write]\n"}, "auto_approves"),
    # Mistral Vibe 2.25.5
    ("nothing set", "mistral-vibe", vibe('active_model = "x"\n'), "auto_approves"),
    ("the asking agent", "mistral-vibe", vibe('default_agent = "ask"\n'), "asks_risky"),
    ("the new name of it", "mistral-vibe", vibe("bypass_tool_permissions = true\n"), "bypasses"),
    ("the agent that asks nobody", "mistral-vibe", vibe('default_agent = "auto-approve"\n'), "bypasses"),
    ("an agent of one's own", "mistral-vibe", {".vibe/config.toml": 'default_agent = "fast"\n',
     ".vibe/agents/fast.toml": "bypass_tool_permissions = true\n"}, "bypasses"),
    ("a shell among what may run", "mistral-vibe",
     vibe('default_agent = "ask"\n[tools.bash]\nallowlist = ["bash"]\n'), "auto_approves"),
    # kimi-cli 1.52.0, Kimi Code 2.1.0
    ("never asks", "kimi-cli", {".kimi-code/config.toml": 'default_permission_mode = "auto"\n'}, "bypasses"),
    ("asks when needed", "kimi-cli", {".kimi-code/config.toml": 'default_permission_mode = "yolo"\n'}, "auto_approves"),
    ("a rule", "kimi-cli", {".kimi-code/config.toml": '[[permission.rules]]\ndecision = "allow"\npattern = "Bash"\n'},
     "auto_approves"),
    ("a rule that forbids what nobody understands", "kimi-cli", {".kimi-code/config.toml":
     '[[permission.rules]]\ndecision = "allow"\npattern = "Bash"\n'
     '[[permission.rules]]\ndecision = "deny"\ntool = "Bash"\npattern = ["rm"]\n'}, "auto_approves"),
    # Hermes Agent 0.19.0
    ("by a variable", "hermes", {".hermes/config.yaml": "approvals:\n  mode: manual\n",
     ".hermes/.env": "# own\nexport HERMES_YOLO_MODE='1'\n"}, "bypasses"),
    ("by a variable that says no", "hermes", {".hermes/config.yaml": "approvals:\n  mode: manual\n",
     ".hermes/.env": "HERMES_YOLO_MODE=0\n"}, "asks_risky"),
    ("by a variable that spells a boolean", "hermes", {".hermes/config.yaml": "approvals:\n  mode: manual\n",
     ".hermes/.env": "HERMES_YOLO_MODE=true\n"}, "bypasses"),
    # oh-my-pi 18.3.4
    ("nothing set there", "oh-my-pi", {".omp/agent/config.yml": "model: x\n"}, "bypasses"),
    ("asks", "oh-my-pi", {".omp/agent/config.yml": "tools:\n  approvalMode: always-ask\n"}, "asks_risky"),
    ("asks but for the shell", "oh-my-pi",
     {".omp/agent/config.yml": "tools:\n  approvalMode: always-ask\n  approval:\n    bash: allow\n"}, "auto_approves"),
    # ECA, Grok Build, Antigravity CLI, as their documentation says
    ("by default", "eca", eca(byDefault="allow"), "auto_approves"),
    ("its shell", "eca", eca(allow={"shell_command": {}}), "auto_approves"),
    ("one command of its shell", "eca",
     eca(allow={"shell_command": {"argsMatchers": {"command": ["git .*"]}}}), "asks_risky"),
    ("always", "grok-cli", {".grok/config.toml": '[ui]\npermission_mode = "always-approve"\n'}, "bypasses"),
    ("its rule", "grok-cli",
     {".grok/config.toml": '[permission]\nrules = [{ action = "allow", tool = "bash", pattern = "*" }]\n'},
     "auto_approves"),
    ("proceeds", "antigravity", {".gemini/antigravity-cli/settings.json": {"toolPermission": "always-proceed"}},
     "bypasses"),
    ("any command of it", "antigravity", {".gemini/antigravity-cli/settings.json": {
     "toolPermission": "request-review", "permissions": {"allow": ["command(*)"]}}}, "auto_approves"),
    # Any editor of the family
    ("any command in a fork", "roo-code", roo("*"), "auto_approves"),
    # What editors keep in a database
    ("approves any command", "roo-code", ROO | editor("Code", **{"RooVeterinaryInc.roo-cline": {
     "autoApprovalEnabled": True, "alwaysAllowExecute": True, "allowedCommands": ["*"]}}), "auto_approves"),
    ("approves some commands", "roo-code", ROO | editor("Code", **{"RooVeterinaryInc.roo-cline": {
     "autoApprovalEnabled": True, "alwaysAllowExecute": True, "allowedCommands": ["git log"]}}), "asks_risky"),
    ("approves edits while all is off", "roo-code", ROO | editor("Code", **{"RooVeterinaryInc.roo-cline": {
     "autoApprovalEnabled": False, "alwaysAllowWrite": True}}), "asks_risky"),
    ("runs everything", "cursor", editor("Cursor", **{CURSOR: {"composerState": {"modes4": [
     {"id": "agent", "autoRun": True, "fullAutoRun": True}]}}}), "bypasses"),
    ("runs what is listed", "cursor", editor("Cursor", **{CURSOR: {"composerState": {"useYoloMode": True}}}),
     "auto_approves"),
    ("starts conversations so", "claude-code", {CODE: {"claudeCode.initialPermissionMode": "bypassPermissions"},
     ".claude/settings.json": {}}, "bypasses"),
    ("commands off by a switch", "vscode", {CODE: {"chat.tools.terminal.autoApprove": {"/.*/": True},
     "chat.tools.terminal.enableAutoApprove": False}}, "asks_risky"),
    ("a star as a command", "vscode", {CODE: {"chat.tools.terminal.autoApprove": {"*": True}}}, "asks_risky"),
    ("a star after a shell", "vscode", {CODE: {"chat.tools.terminal.autoApprove": {"bash:*": True}}}, "asks_risky"),
    ("a shell by its name", "vscode", {CODE: {"chat.tools.terminal.autoApprove": {"bash": True}}}, "auto_approves"),
    ("a pattern of nothing", "zed", {".config/zed/settings.json": {"agent": {"tool_permissions": {"tools": {
     "terminal": {"always_allow": [{"pattern": ""}]}}}}}}, "auto_approves"),
    ("one agent that asks nobody", "openclaw", {".openclaw/openclaw.json": {
     "tools": {"exec": {"security": "allowlist", "ask": "on-miss"}},
     "agents": {"list": [{"id": "main", "tools": {"exec": {"security": "full", "ask": "off"}}}]}}}, "bypasses"),
    ("amp in an editor", "amp", {CODE: {"amp.dangerouslyAllowAll": True}, ".config/amp/settings.json": {}}, "bypasses"),
    # Gemini CLI takes a file of policies as a whole or not at all.
    ("forbidden beside a rule that is none", "gemini-cli", gemini(
     rule(SHELL, "deny", 500) + rule(SHELL, "never"), tools=ALLOWED), "auto_approves"),
    ("allowed beside a rule that is none", "gemini-cli",
     gemini(rule(SHELL) + rule(SHELL, priority=1000)), "asks_risky"),
    ("forbidden beside a rule without a tool", "gemini-cli", gemini(rule(SHELL, "deny", 500)
     + '[[rule]]\ndecision = "deny"\npriority = 1\n', tools=ALLOWED), "auto_approves"),
    # opencode 1.18.33: its folder after the files beside it, agents after both
    ("its folder last", "opencode", {".config/opencode/opencode.json": SEVERAL["allow"],
     ".config/opencode/agent/build.md": "---\npermission:\n  '*': ask\n---\nx\n"}, "asks_risky"),
    ("its agent last", "opencode", {".config/opencode/opencode.json": {"agent": {"build": {"permission": "deny"}}},
     ".config/opencode/agent/build.md": "---\npermission:\n  '*': allow\n---\nx\n"}, "auto_approves"),
    ("whoever reviews", "codex", {".codex/config.toml": 'approvals_reviewer = "auto_review"\n'}, "auto_approves"),
    # Code Puppy 0.0.946, Junie and aider as their documentation says
    ("nothing but a name", "code-puppy", {".code_puppy/puppy.cfg": "[puppy]\npuppy_name = x\n",
     ".code_puppy/mcp_servers.json": {"mcp_servers": {}}}, "auto_approves"),
    ("told to ask", "code-puppy", {".code_puppy/puppy.cfg": "[puppy]\nyolo_mode = false\n",
     ".code_puppy/mcp_servers.json": {"mcp_servers": {}}}, "asks_risky"),
    ("allows what no rule is about", "junie", junie(defaultBehavior="allow"), "auto_approves"),
    ("one program", "junie", junie(rules={"executables": {"rules": [{"prefix": "git", "action": "allow"}]}}),
     "asks_risky"),
    ("any program", "junie", junie(rules={"executables": {"rules": [{"pattern": "**", "action": "allow"}]}}),
     "auto_approves"),
    ("brave", "junie", {".junie/config.json": {"brave": True}, ".junie/allowlist.json": {}}, "bypasses"),
    ("answers yes by a file of variables", "aider", {".env": "AIDER_YES_ALWAYS=true\n",
     ".aider.conf.yml": "model: x\n"}, "auto_approves"),
    ("its state", "cline", {".cline/data/globalState.json": {"yoloModeToggled": True}}, "bypasses"),
)  # fmt: skip


def account(case: Case) -> str:
    return case[0].replace(" ", "-").replace("'", "")


@pytest.fixture(scope="module")
def postures(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Posture]:
    """The effective ones outside of projects, by account and client."""
    folder = tmp_path_factory.mktemp("grammars")
    for case in CASES:
        for path, content in case[2].items():
            file = folder / "root/home" / account(case) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.suffix == ".vscdb":
                with closing(sqlite3.connect(file)) as database:
                    database.execute("CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)")
                    rows = [(key, json.dumps(value)) for key, value in {"other": 1, **content}.items()]
                    database.executemany("INSERT INTO ItemTable VALUES (?, ?)", rows)
                    database.commit()
            else:
                file.write_text(content if isinstance(content, str) else json.dumps(content))
    settings = Settings.model_validate({"state": {"dir": str(folder / "state")}})
    records = take_inventory(settings, str(folder / "root")).records
    found = [r for r in records if isinstance(r, Posture) and r.basis == "effective" and r.project is None]
    return {(posture.owner or "", posture.agent): posture for posture in found}


@pytest.mark.parametrize("case", CASES, ids=account)
def test_settings_come_to_what_the_client_makes_of_them(case: Case, postures: dict[tuple[str, str], Posture]) -> None:
    assert postures[account(case), case[1]].approval_mode == case[3]
    assert len({account(other) for other in CASES}) == len(CASES)


def test_a_later_drop_in_wins_over_an_earlier_one_and_over_the_file(tmp_path: Path) -> None:
    """Seen with Claude Code 2.1.197."""
    modes = {"managed-settings.json": "acceptEdits", "managed-settings.d/10.json": "plan",
             "managed-settings.d/20.json": "default"}  # fmt: skip
    for name, mode in modes.items():
        file = tmp_path / "root/etc/claude-code" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"permissions": {"defaultMode": mode}}))
    own = tmp_path / "root/home/dev/.claude/settings.json"
    own.parent.mkdir(parents=True)
    own.write_text("{}")
    settings = Settings.model_validate({"state": {"dir": str(tmp_path / "state")}})
    records = take_inventory(settings, str(tmp_path / "root")).records
    told = {r.approval_mode for r in records if isinstance(r, Posture) and r.basis == "effective"}
    assert told == {"asks_risky"}


OTHERS = {"allowedMcpServers": [{"serverName": "other"}]}
OWN = {"allowedMcpServers": [{"serverName": "own"}]}


@pytest.mark.parametrize(
    ("files", "state"),
    [
        ({".claude/settings.json": {"deniedMcpServers": [{"serverName": "own"}]}}, "denied"),
        # A mode that nobody knows: the client ignores the whole file.
        ({".claude/settings.json": {"deniedMcpServers": [{"serverName": "own"}], "permissions": {"defaultMode": "x"}}},
         "not_applicable"),
        ({".claude/settings.json": OTHERS}, "denied"),
        # Where it is on the list of one project, it runs there.
        ({".claude/settings.json": OTHERS, "app/.claude/settings.local.json": OWN}, "approved"),
    ],
)  # fmt: skip
def test_what_forbids_a_server_counts_where_the_client_obeys(files: dict[str, Any], state: str, tmp_path: Path) -> None:
    """Seen with Claude Code 2.1.197."""
    own = {"mcpServers": {"own": {"command": "own"}}, "projects": {"/home/dev/app": {}}}
    for name, content in {".claude.json": own, "app/.git/HEAD": "x", **files}.items():
        file = tmp_path / "root/home/dev" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content))
    settings = Settings.model_validate({"state": {"dir": str(tmp_path / "state")}})
    records = take_inventory(settings, str(tmp_path / "root")).records
    assert {r.state for r in records if isinstance(r, Approval) and r.server == "own"} == {state}
