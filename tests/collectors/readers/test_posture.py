"""What clients' permission settings mean: values from their documentation, and what is made of any other value."""

from __future__ import annotations

import json
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.records import Diagnostic, Posture
from collectors.catalog.catalog import Catalog
from collectors.catalog.permissions import PosturePart
from collectors.contract import Observation
from collectors.locate.interest import Interest, Root
from collectors.readers.file import observe_file
from collectors.readers.origin import Origin
from collectors.readers.posture import postures
from tests.collectors.world import World
from tests.correlation import test_never_safer, test_permission_grammars

CATALOG = Catalog.load()
SHARED = Path(__file__).resolve().parents[4] / "shared"
CORPUS, SAMPLES = SHARED / "corpus", SHARED / "facts" / "samples"
PROJECT = "/srv/project"

# One sign for each rule: + allows, ? asks, - denies.
SIGNS = {"allow": "+", "ask": "?", "deny": "-"}


def read(tmp_path: Path, client: str, template: str, content: object) -> Observation:
    """What one client's permission settings in one of its files come to."""
    world = World(tmp_path, *CATALOG.clients.values())
    home = world.home if template[0] in "~{" else None
    where = template.replace("{project}", PROJECT).replace("{config}", "~/.config").replace("*", "some")
    path = world.write(where, content if isinstance(content, str) else json.dumps(content))
    root = Root("project", PROJECT, PROJECT) if template.startswith("{project}") else None
    parts = [part for posture in CATALOG.clients[client].posture for part in posture.parts]
    stars = ("some",) * template.count("*")
    readings = [Interest(CATALOG.clients[client], part, root, stars) for part in parts if template in part.on("linux")]
    assert readings, "the catalog does not read this file for permissions"
    return observe_file(world.context, home, path, readings)


def one(observation: Observation) -> Posture:
    (posture,) = (record for record in observation.records if isinstance(record, Posture))
    return posture


def rules(posture: Posture) -> list[str]:
    return [f"{SIGNS[rule.effect]}{rule.subject}:{rule.pattern}" for rule in posture.rules]


CLAUDE, LOCAL = "~/.claude/settings.json", "{project}/.claude/settings.local.json"
CODEX, GEMINI, QWEN = "~/.codex/config.toml", "~/.gemini/settings.json", "~/.qwen/settings.json"
COPILOT, CODE, CURSOR = "~/.copilot/settings.json", "{config}/Code/User/settings.json", "~/.cursor/cli-config.json"
OPENCODE, GOOSE, ZED = "~/.config/opencode/opencode.json", "~/.config/goose/config.yaml", "~/.config/zed/settings.json"
CLINE, AMP = "~/.cline/data/globalState.json", "~/.config/amp/settings.json"


def claude(mode: str) -> dict[str, Any]:
    return {"permissions": {"defaultMode": mode}}


@pytest.mark.parametrize(
    ("client", "template", "content", "mode"),
    [
        ("claude-code", CLAUDE, claude("default"), "asks_risky"),
        ("claude-code", CLAUDE, claude("plan"), "asks_always"),
        ("claude-code", CLAUDE, claude("dontAsk"), "asks_always"),
        ("claude-code", CLAUDE, claude("acceptEdits"), "auto_approves"),
        ("claude-code", CLAUDE, claude("auto"), "auto_approves"),
        ("claude-code", LOCAL, claude("bypassPermissions"), "bypasses"),
        ("claude-code", CLAUDE, claude("somethingNew"), "unknown"),
        ("codex", CODEX, 'approval_policy = "untrusted"', "asks_always"),
        ("codex", CODEX, 'approval_policy = "on-request"', "asks_risky"),
        ("codex", CODEX, 'approval_policy = "on-failure"', "auto_approves"),
        ("codex", CODEX, 'approval_policy = "never"', "auto_approves"),
        ("codex", CODEX, 'approval_policy = "bogus"', "unknown"),
        ("codex", CODEX, 'approval_policy = "on-request"\napprovals_reviewer = "auto_review"', "auto_approves"),
        ("codex", CODEX, "[approval_policy.granular]\nrules = true", "asks_risky"),
        ("gemini-cli", GEMINI, {"general": {"defaultApprovalMode": "default"}}, "asks_risky"),
        ("gemini-cli", GEMINI, {"general": {"defaultApprovalMode": "auto_edit"}}, "auto_approves"),
        ("gemini-cli", GEMINI, {"general": {"defaultApprovalMode": "plan"}}, "asks_always"),
        ("gemini-cli", GEMINI, {"general": {"defaultApprovalMode": "yolo"}}, "unknown"),
        ("qwen-code", QWEN, {"tools": {"approvalMode": "auto-edit"}}, "auto_approves"),
        ("qwen-code", QWEN, {"tools": {"approvalMode": "yolo"}}, "bypasses"),
        ("qwen-code", QWEN, {"general": {"defaultPermissionMode": "bypass_permissions"}}, "bypasses"),
        ("copilot-cli", COPILOT, {"defaultPermissionMode": "manual"}, "asks_risky"),
        ("copilot-cli", COPILOT, {"defaultPermissionMode": "assisted"}, "auto_approves"),
        ("copilot-cli", COPILOT, {"defaultPermissionMode": "allow-all"}, "bypasses"),
        ("vscode", CODE, {"chat.tools.global.autoApprove": True}, "bypasses"),
        ("vscode", CODE, {"chat": {"tools": {"global": {"autoApprove": True}}}}, "bypasses"),
        ("vscode", CODE, {"chat.tools.global.autoApprove": "true"}, "unknown"),
        ("vscode", CODE, {"chat.tools.autoApprove": True}, "bypasses"),
        ("vscode", CODE, {"chat.permissions.default": "default"}, "asks_risky"),
        ("vscode", "/etc/vscode/policy.json", {"ChatToolsAutoApprove": True}, "bypasses"),
        ("cursor-agent", CURSOR, {"approvalMode": "allowlist"}, "asks_risky"),
        ("cursor-agent", CURSOR, {"approvalMode": "unrestricted"}, "bypasses"),
        ("goose", GOOSE, "GOOSE_MODE: auto", "auto_approves"),
        ("goose", GOOSE, "GOOSE_MODE: smart_approve", "asks_risky"),
        ("goose", GOOSE, "GOOSE_MODE: approve", "asks_always"),
        ("goose", GOOSE, "GOOSE_MODE: chat", "asks_always"),
        ("goose", GOOSE, "GOOSE_MODE: [auto]", "unknown"),
        ("cline", CLINE, {"yoloModeToggled": True}, "bypasses"),
        ("cline", CLINE, {"autoApprovalSettings": {"actions": {"executeAllCommands": True}}}, "auto_approves"),
        (
            *("cline", CLINE),
            {"autoApprovalSettings": {"actions": {"executeAllCommands": False, "editFiles": False}}},
            "asks_risky",
        ),
        ("zed", ZED, {"agent": {"tool_permissions": {"default": "confirm"}}}, "asks_risky"),
        ("zed", ZED, {"agent": {"tool_permissions": {"default": "allow"}}}, "auto_approves"),
        ("zed", ZED, {"agent": {"tool_permissions": {"default": "deny"}}}, "asks_always"),
        ("zed", ZED, {"agent": {"always_allow_tool_actions": True}}, "auto_approves"),
        ("amp", AMP, {"amp.dangerouslyAllowAll": True}, "bypasses"),
    ],
)
def test_a_mode_is_told_in_common_words(
    tmp_path: Path, client: str, template: str, content: object, mode: str | None
) -> None:
    observation = read(tmp_path, client, template, content)
    posture = one(observation)
    assert posture.approval_mode == mode
    assert bool(posture.unknown) == (mode == "unknown")
    noted = [record.code for record in observation.records if isinstance(record, Diagnostic)]
    assert noted == (["posture.not_understood"] if mode == "unknown" else [])


def test_an_empty_map_of_permissions_says_nothing_and_is_no_riddle(tmp_path: Path) -> None:
    assert read(tmp_path, "opencode", OPENCODE, {"permission": {}}).records == ()


@pytest.mark.parametrize(
    ("client", "template", "content", "sandbox", "network"),
    [
        ("claude-code", CLAUDE, {"sandbox": {"enabled": True}}, "partial", "restricted"),
        ("claude-code", CLAUDE, {"sandbox": {"enabled": False}}, "none", None),
        ("codex", CODEX, 'sandbox_mode = "read-only"', "full", None),
        ("codex", CODEX, 'sandbox_mode = "danger-full-access"', "none", None),
        ("codex", CODEX, 'sandbox_mode = "bogus"', "unknown", None),
        (
            *("codex", CODEX),
            'sandbox_mode = "workspace-write"\nsandbox_workspace_write.network_access = true',
            *("partial", "on"),
        ),
        ("gemini-cli", GEMINI, {"tools": {"sandbox": "docker"}}, "full", None),
        ("gemini-cli", GEMINI, {"tools": {"sandbox": False}}, "none", None),
        ("gemini-cli", GEMINI, {"tools": {"sandbox": "/opt/mine"}}, "unknown", None),
        (
            *("cursor-agent", CURSOR),
            {"sandbox": {"mode": "enabled", "networkAccess": "allow_all"}},
            *("partial", "on"),
        ),
    ],
)
def test_sandbox_and_network_are_told_in_common_words(
    tmp_path: Path, client: str, template: str, content: object, sandbox: str | None, network: str | None
) -> None:
    posture = one(read(tmp_path, client, template, content))
    assert (posture.sandbox, posture.network) == (sandbox, network)


@pytest.mark.parametrize(
    ("client", "template", "content", "expected"),
    [
        (
            *("claude-code", CLAUDE),
            {
                "permissions": {
                    "allow": ["Bash(npm run test:*)", "Read(~/src/**)", "mcp__ledger__list", "mcp__tickets", "Edit"],
                    "ask": ["Bash(git push:*)"],
                    "deny": ["WebFetch(domain:a.example)", "mcp__ledger__*"],
                }
            },
            [
                *("+command:npm run test:*", "+path:~/src/**", "+tool:ledger/list", "+server:tickets", "+tool:Edit"),
                *("?command:git push:*", "-domain:a.example", "-server:ledger"),
            ],
        ),
        (
            *("codex", CODEX),
            '[mcp_servers.a]\ncommand = "x"\ndefault_tools_approval_mode = "approve"\ndisabled_tools = ["t"]\n'
            '[mcp_servers.b]\ndefault_tools_approval_mode = "prompt"\n[mcp_servers.b.tools.u]\napproval_mode="approve"',
            ["+server:a", "?server:b", "+tool:b/u", "-tool:a/t"],
        ),
        (
            *("gemini-cli", GEMINI),
            {
                "tools": {"allowed": ["run_shell_command(git status)"], "exclude": ["web_fetch"]},
                "mcpServers": {"a": {"command": "x", "trust": True}, "b": {"command": "x", "trust": False}},
            },
            ["+command:git status", "-tool:web_fetch", "+server:a"],
        ),
        (
            *("gemini-cli", "~/.gemini/policies/*.toml"),
            '[[rule]]\ntoolName = "run_shell_command"\ncommandPrefix=["git", "ls"]\npriority = 1\ndecision = "allow"\n'
            '[[rule]]\nmcpName = "a"\ntoolName = "t"\ndecision = "ask_user"\npriority = 1\n'
            '[[rule]]\nmcpName="b"\ntoolName="*"\ndecision="deny"\npriority = 1',
            ["+command:git", "+command:ls", "?tool:a/t", "-server:b"],
        ),
        (
            "qwen-code",
            QWEN,
            {"permissions": {"allow": ["Bash(rm *)", "Bash(date)"]}},
            ["+command:rm *", "+command:date"],
        ),
        (
            "copilot-cli",
            COPILOT,
            {"allowedUrls": ["a.example"], "deniedUrls": ["b.example"]},
            ["+domain:a.example", "-domain:b.example"],
        ),
        (
            *("vscode", CODE),
            {
                "chat.tools.terminal.autoApprove": {"make": True, "rm": False, "/^curl/": {"approve": False}},
                "chat.tools.edits.autoApprove": {"**/*": True},
                "chat.tools.urls.autoApprove": {
                    "https://a.example": {"approveRequest": True, "approveResponse": False}
                },
            },
            ["+command:make", "?command:rm", "?command:/^curl/", "+path:**/*", "+domain:https://a.example"],
        ),
        (
            *("cursor", "~/.cursor/permissions.json"),
            {"mcpAllowlist": ["ledger:list", "hub:*"], "terminalAllowlist": ["git status"]},
            ["+tool:ledger/list", "+server:hub", "+command:git status"],
        ),
        (
            *("cursor-agent", CURSOR),
            {"permissions": {"allow": ["Shell(git)", "Mcp(ledger, list)", "Mcp(hub:*)"], "deny": ["Read(.env*)"]}},
            ["+command:git", "+tool:ledger/list", "+server:hub", "-path:.env*"],
        ),
        (
            *("opencode", OPENCODE),
            {"permission": {"bash": {"*": "ask", "ls *": "allow"}, "edit": "ask", "ledger_*": "deny"}},
            ["?command:*", "+command:ls *", "?tool:edit", "-tool:ledger_*"],
        ),
        (
            *("goose", "~/.config/goose/permission.yaml"),
            "user:\n  always_allow: [ledger__list]\n  ask_before: [developer__shell]\n  never_allow: [ledger__close]\n",
            ["+tool:ledger/list", "?tool:developer/shell", "-tool:ledger/close"],
        ),
        (
            *("cline", "~/.cline/data/settings/cline_mcp_settings.json"),
            {"mcpServers": {"ledger": {"command": "x", "autoApprove": ["list"]}}},
            ["+tool:ledger/list"],
        ),
        (
            *("continue", "~/.continue/permissions.yaml"),
            'allow: ["Read"]\nask: ["Bash(git push*)"]\nexclude: ["Write(**/*.env)"]\n',
            ["+tool:Read", "?command:git push*", "-path:**/*.env"],
        ),
        (
            *("zed", ZED),
            {
                "agent": {
                    "tool_permissions": {
                        "tools": {
                            "terminal": {"always_allow": [{"pattern": "^make"}], "always_deny": [{"pattern": "rm"}]},
                            "mcp:ledger:list": {"default": "allow"},
                        }
                    }
                }
            },
            ["+tool:ledger/list", "+command:^make", "-command:rm"],
        ),
        (
            *("amp", AMP),
            {
                "amp.permissions": [
                    {"tool": "Bash", "action": "reject", "matches": {"cmd": "*git*push*"}},
                    {"tool": "mcp__a__t", "action": "allow"},
                    {"tool": "Edit", "action": "delegate", "to": "x"},
                ]
            },
            ["-command:*git*push*", "+tool:a/t", "?tool:Edit"],
        ),
        (
            *("windsurf", "{config}/Windsurf/User/settings.json"),
            {"windsurf.cascadeCommandsAllowList": ["ls"], "windsurf.cascadeCommandsDenyList": ["rm"]},
            ["+command:ls", "-command:rm"],
        ),
        (
            *("roo-code", "{config}/Windsurf/User/settings.json"),
            {"roo-cline.allowedCommands": ["npm test"], "roo-cline.deniedCommands": ["rm"]},
            ["+command:npm test", "-command:rm"],
        ),
    ],
)
def test_rules_are_told_in_a_common_form(
    tmp_path: Path, client: str, template: str, content: object, expected: list[str]
) -> None:
    posture = one(read(tmp_path, client, template, content))
    assert rules(posture) == expected
    assert posture.unknown == ()


def test_each_client_has_a_case() -> None:
    """Whoever gives a client permission settings adds what they mean."""
    tables = [
        test_a_mode_is_told_in_common_words,
        test_rules_are_told_in_a_common_form,
        test_what_is_said_of_starting_servers,
        test_never_safer.test_allow_rules_of_other_clients,
    ]
    # mypy: pytest puts its marks there.
    tested = {case[0] for test in tables for case in test.pytestmark[0].args[1]}  # type: ignore[attr-defined]
    tested |= {client for _, client, _, _ in test_permission_grammars.CASES}
    assert {client.id for client in CATALOG.clients.values() if client.posture} <= tested


@pytest.mark.parametrize(
    ("client", "template", "content", "expected"),
    [
        (
            *("claude-code", CLAUDE),
            {"enableAllProjectMcpServers": True, "enabledMcpjsonServers": ["a"], "disabledMcpjsonServers": ["b"]},
            [("approve", "any", ""), ("approve", "name", "a"), ("deny", "name", "b")],
        ),
        (
            *("claude-code", "/etc/claude-code/managed-settings.json"),
            {"allowedMcpServers": [{"serverName": "a"}, {"serverCommand": ["npx", "x"]}, {"serverUrl": "https://*/m"}]},
            [("only", "name", "a"), ("only", "command", "npx x"), ("only", "url", "https://*/m")],
        ),
        ("claude-code", CLAUDE, {"allowedMcpServers": []}, [("only", "none", "")]),
        ("claude-code", CLAUDE, {"allowedMcpServers": [{"serverHash": "x"}]}, [("only", "unknown", "")]),
        (
            "gemini-cli",
            GEMINI,
            {"mcp": {"allowed": ["a"], "excluded": ["b"]}},
            [("only", "folded", "a"), ("deny", "folded", "b")],
        ),
        ("gemini-cli", "~/.gemini/mcp-server-enablement.json", {"a": {"enabled": False}}, [("deny", "folded", "a")]),
        (
            *("gemini-cli", "~/.gemini/extensions/extension-enablement.json"),
            {
                "a": {"overrides": ["!/home/*"]},
                "b": {"overrides": ["!/*", "/home/dev/p/"]},
                "c": {"overrides": ["!/x/*"]},
            },
            [("off", "extension", "a")],
        ),
        ("qwen-code", "~/.qwen/settings.json", {"mcp": {"excluded": ["git-*"]}}, [("deny", "glob", "git-*")]),
        (
            *("qwen-code", "~/.qwen/mcpApprovals.json"),
            {"/srv/p": {"a": {"status": "rejected"}, "b": {"status": "approved"}}},
            [("deny", "name", "a"), ("approve", "name", "b")],
        ),
        ("claude-code", CLAUDE, {"enabledPlugins": {"p@m": False}}, [("off", "extension", "p@m")]),
        (
            "claude-code",
            "~/.claude.json",
            {"projects": {"/srv/p": {"disabledMcpServers": ["a"]}}},
            [("off", "name", "a")],
        ),
        ("codex", "~/.codex/config.toml", '[plugins."p@m"]\nenabled = false', [("off", "extension", "p@m")]),
        ("copilot-cli", "~/.copilot/settings.json", {"disabledMcpServers": ["a"]}, [("off", "name", "a")]),
        (
            *("claude-desktop", "{config}/Claude/Claude Extensions Settings/*.json"),
            {"isEnabled": False},
            [("off", "extension", "some")],
        ),
        ("codex", "/etc/codex/requirements.toml", "[mcp_servers.a.identity]\ncommand='x'", [("only", "name", "a")]),
        ("vscode", CODE, {"chat.mcp.access": "none"}, [("deny", "any", "")]),
        ("deepagents", "~/.deepagents/config.toml", '[mcp]\ndisabled_servers = ["a"]', [("off", "name", "a")]),
        (
            *("iflow", "~/.iflow/settings.json"),
            {"allowMCPServers": ["a"], "excludeMCPServers": ["b"]},
            [("only", "name", "a"), ("deny", "name", "b")],
        ),
    ],
)
def test_what_is_said_of_starting_servers(
    tmp_path: Path, client: str, template: str, content: object, expected: list[tuple[str, str, str]]
) -> None:
    posture = one(read(tmp_path, client, template, content))
    assert [(rule.effect, rule.match, rule.pattern) for rule in posture.servers] == expected


@pytest.mark.parametrize(
    ("client", "template", "content", "trusted", "untrusted"),
    [
        (
            "codex",
            CODEX,
            "[projects.'/a']\ntrust_level='trusted'\n[projects.'/b']\ntrust_level='untrusted'",
            ("/a",),
            ("/b",),
        ),
        (
            *("gemini-cli", "~/.gemini/trustedFolders.json"),
            {"/a": "TRUST_FOLDER", "/p/b": "TRUST_PARENT", "/c": "DO_NOT_TRUST"},
            *(("/a", "/p"), ("/c",)),
        ),
        ("copilot-cli", "~/.copilot/config.json", '// managed\n{"trustedFolders": ["/a"]}', ("/a",), ()),
        ("claude-code", "~/.claude.json", {"projects": {"/a": {"hasTrustDialogAccepted": True}}}, ("/a",), ()),
    ],
)
def test_trusted_folders_are_told(
    tmp_path: Path, client: str, template: str, content: object, trusted: tuple[str, ...], untrusted: tuple[str, ...]
) -> None:
    posture = one(read(tmp_path, client, template, content))
    assert (posture.trusted_folders, posture.untrusted_folders) == (trusted, untrusted)


def test_what_a_client_notes_for_a_project_in_its_state_file_is_local_to_the_project(tmp_path: Path) -> None:
    content = {"projects": {"/a": {"allowedTools": ["Bash(make:*)"]}, "/b": {"allowedTools": []}}}
    posture = one(read(tmp_path, "claude-code", "~/.claude.json", content))
    assert (posture.set_by, posture.project, rules(posture)) == ("local", "/a", ["+command:make:*"])
    assert posture.source and posture.source.key == "projects./a"


def test_lock_downs_are_told(tmp_path: Path) -> None:
    content = {
        "permissions": {"disableBypassPermissionsMode": "disable"},
        "allowManagedPermissionRulesOnly": True,
        "allowManagedMcpServersOnly": True,
    }
    posture = one(read(tmp_path, "claude-code", "/etc/claude-code/managed-settings.json", content))
    assert posture.permitted_modes == ("asks_always", "asks_risky", "auto_approves")
    assert (posture.managed_rules_only, posture.managed_servers_only) == (True, True)
    text = 'allowed_approval_policies = ["on-request"]\nallowed_sandbox_modes = ["read-only", "workspace-write"]'
    posture = one(read(tmp_path, "codex", "/etc/codex/requirements.toml", text))
    assert (posture.permitted_modes, posture.permitted_sandboxes) == (("asks_risky",), ("full", "partial"))


def test_a_lock_down_with_a_value_that_is_not_known_locks_nothing(tmp_path: Path) -> None:
    content = 'allowed_approval_policies = ["on-request", "whatever"]'
    posture = one(read(tmp_path, "codex", "/etc/codex/requirements.toml", content))
    assert (posture.permitted_modes, posture.unknown) == (None, ("allowed_approval_policies[1]",))


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ({"permissions": "all"}, "permissions"),
        ({"permissions": {"allow": "Bash"}}, "permissions.allow"),
        ({"permissions": {"allow": ["Bash", 7]}}, "permissions.allow[1]"),
        ({"mcp": {"allowed": "yes"}}, "mcp.allowed"),
        ({"mcp": {"excluded": [None, {}]}}, "mcp.excluded[1]"),
        ([], "<document>"),
    ],
)
def test_a_setting_of_the_wrong_type_is_unknown_and_named(tmp_path: Path, content: object, key: str) -> None:
    observation = read(tmp_path, "qwen-code", "~/.qwen/settings.json", content)
    assert one(observation).unknown == (key,)
    (diagnostic,) = (record for record in observation.records if isinstance(record, Diagnostic))
    assert (diagnostic.key, diagnostic.severity, diagnostic.agent) == (key, "warning", "qwen-code")


def test_a_rule_that_is_not_understood_still_counts(tmp_path: Path) -> None:
    posture = one(read(tmp_path, "claude-code", CLAUDE, {"permissions": {"allow": ["(((", "Bash"]}}))
    assert rules(posture) == ["+unknown:(((", "+tool:Bash"]
    assert posture.unknown == ("permissions.allow[0]",)


def test_secrets_in_rules_do_not_leave(tmp_path: Path) -> None:
    secret = "sk-ant-api03-" + "Zq7planted5x" * 3
    allow = [f"Bash(curl -H 'Authorization: Bearer {secret}' https://a.example)", f"Bash(export TOKEN={secret})"]
    content = {"permissions": {"allow": allow, f"{secret}": 1, "defaultMode": secret}}
    observation = read(tmp_path, "claude-code", CLAUDE, content)
    assert secret not in "".join(record.to_json() for record in observation.records)


def test_a_file_without_permission_settings_says_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "claude-code", CLAUDE, {"model": "x", "permissions": {}}).records == ()


def test_very_many_rules_are_cut_and_that_is_told(tmp_path: Path) -> None:
    allow = [f"Bash(x{number})" for number in range(5000)]
    posture = one(read(tmp_path, "claude-code", CLAUDE, {"permissions": {"allow": allow}}))
    assert len(posture.rules) == 1000
    assert posture.unknown == ("permissions.allow[][1000…]",)


TEXT = """permissions allow defaultMode mcpServers trust permission bash edit * rule agent amp.permissions tool action
matches projects sandbox enabled chat.tools.edits.autoApprove allowedMcpServers serverCommand tools decision toolName
autoApprove a.b \udcff"""
WORDS = st.sampled_from(TEXT.split())
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | WORDS
    | st.sampled_from(["Bash(x)", "mcp__", "mcp__a__", "Mcp(", "Mcp(a,)"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=25,
)
PARTS = [(c, p) for c in CATALOG.clients.values() for posture in c.posture for p in posture.parts]
ORIGIN = Origin("e", None, "/f", "/f", "demo", None, None, ())


@settings(max_examples=50, deadline=None)
@given(document=st.dictionaries(WORDS, VALUES, max_size=6) | VALUES)
def test_whatever_a_document_holds_reading_it_fails_never(document: object) -> None:
    for _, part in PARTS:
        for posture in postures(document, ORIGIN, part):
            posture.to_json()


def _corpus() -> list[dict[str, Any]]:
    if not (CORPUS / "index.jsonl").exists():
        return []
    lines = (CORPUS / "index.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["kind"] == "permissions"]
    return [row for row in rows if (CORPUS / row["file"]).exists() and row["expected"].get("permissions")]


def _part(row: dict[str, Any]) -> list[PosturePart]:
    client = "cursor-agent" if row["path"].endswith(".cursor/cli.json") else row["client"]
    parts = [part for posture in CATALOG.clients[client].posture for part in posture.parts]
    return [p for p in parts if any(fnmatchcase(row["path"], "*" + t.split("/", 1)[1]) for t in p.on("linux"))][:1]


def test_files_of_the_world_hold_the_rules_that_they_were_found_to_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = _corpus()
    if not rows:
        pytest.skip("the corpus of configuration files is not here")
    right, wanted, wrong = 0, 0, []
    for row in rows:
        world, expected = World(tmp_path), row["expected"]["permissions"]
        path = world.write("/f/" + row["path"].rpartition("/")[2], (CORPUS / row["file"]).read_bytes())
        client = CATALOG.clients[row["client"]]
        seen = observe_file(world.context, None, path, [Interest(client, part) for part in _part(row)]).records
        posture = next((r for r in seen if isinstance(r, Posture)), None)
        told = Counter(rule.effect for rule in posture.rules) if posture else Counter[str]()
        counts: dict[str, object] = {effect: told[effect] for effect in ("allow", "ask", "deny") if effect in expected}
        if "chat.tools.terminal.autoApprove" in expected:
            counts["chat.tools.terminal.autoApprove"] = told.total()
        checks = [told_ == expected[key] for key, told_ in counts.items()]
        if "mode" in expected:
            checks.append(posture is not None and posture.approval_mode == one_mode(expected["mode"]))
        checks.append(posture is None or not posture.unknown)
        right, wanted = right + sum(checks), wanted + len(checks)
        wrong += [] if all(checks) else [row["file"]]
    with capsys.disabled():
        print(f"\n{len(rows)} files, {right}/{wanted} facts of permissions right")
    assert wrong == []


def one_mode(value: str) -> str:
    return {"acceptEdits": "auto_approves", "auto": "auto_approves", "bypassPermissions": "bypasses"}[value]


@pytest.mark.parametrize(
    ("client", "template", "sample", "mode", "count"),
    [
        ("claude-code", CLAUDE, "claude-code/settings.json", "auto_approves", 8),
        ("codex", CODEX, "codex/config.toml", "asks_risky", 2),
        ("gemini-cli", GEMINI, "gemini/settings.json", "auto_approves", 3),
        ("zed", ZED, "zed/settings.json", "asks_risky", 5),
        ("opencode", OPENCODE, "opencode/opencode.json", None, 8),
        ("vscode", CODE, "vscode/settings.json", None, 6),
        ("cursor-agent", CURSOR, "cursor/cli-config.json", None, 4),
        ("cursor", "~/.cursor/permissions.json", "cursor/permissions.json", None, 4),
        ("goose", GOOSE, "goose/config.yaml", "asks_risky", 0),
        ("goose", "~/.config/goose/permission.yaml", "goose/permission.yaml", None, 3),
    ],
)
def test_samples_mean_what_their_client_takes_them_for(
    tmp_path: Path, client: str, template: str, sample: str, mode: str | None, count: int
) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the samples of clients' files are not here")
    posture = one(read(tmp_path, client, template, (SAMPLES / sample).read_text(encoding="utf-8")))
    assert (posture.approval_mode, len(posture.rules), posture.unknown) == (mode, count, ())
