"""Gemini CLI: a headless run against a model of ours, seen by what happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from random import Random

from tests.conformance.combination import Ask, Behaviour, Client, Combination, Files
from tests.conformance.drawing import Spaces, document, joined, lists
from tests.conformance.machine import Place, headless

SETTINGS = ".gemini/settings.json"
SERVER = {"command": "python3", "args": ["{home}/probe.py", "probe"]}
BASE = {"security": {"auth": {"selectedType": "gemini-api-key"}}}
TRUSTED = {".gemini/trustedFolders.json": {"{project}": "TRUST_FOLDER"}}


def user(more: Mapping[str, object], server: Mapping[str, object] = {}) -> Files:
    """The user's settings, with one server, in a project that is trusted."""
    return TRUSTED | {SETTINGS: BASE | {"mcpServers": {"probe": SERVER | server}} | more}


def combinations() -> Iterator[Combination]:
    yield Combination("nothing", user({}))
    for mode in ("default", "auto_edit", "plan", "yolo"):
        yield Combination(f"user mode {mode}", user({"general": {"defaultApprovalMode": mode}}))
    for tools in (
        ["run_shell_command"],
        ["run_shell_command(./note)"],
        ["run_shell_command(git)"],
        ["write_file"],
        ["ShellTool"],
        ["*"],
    ):
        yield Combination(f"allowed {tools[0]}", user({"tools": {"allowed": tools}}))
    yield Combination("core tools", user({"tools": {"core": ["run_shell_command"]}}))
    yield Combination("excluded", user({"tools": {"allowed": ["run_shell_command"], "exclude": ["run_shell_command"]}}))
    old = {"excludeTools": ["run_shell_command"], "excludeMCPServers": ["probe"], "allowMCPServers": ["other"]}
    yield Combination("old keys", user({"tools": {"allowed": ["run_shell_command"]}} | old))
    yield Combination("auto accept", user({"tools": {"autoAccept": True}}))
    yield Combination("server trusted", user({}, {"trust": True}))
    yield Combination("server disabled", user({}, {"disabled": True}))
    yield Combination("server not enabled", user({}, {"enabled": False}))
    yield Combination("server excluded", user({"mcp": {"excluded": ["probe"]}}))
    yield Combination("server not allowed", user({"mcp": {"allowed": ["other"]}}))
    enablement = ".gemini/mcp-server-enablement.json"
    yield Combination("server switched off", user({}) | {enablement: {"probe": {"enabled": False}}})
    yield Combination("project mode", user({}), {SETTINGS: {"general": {"defaultApprovalMode": "auto_edit"}}})
    yield Combination("project allows", user({}), {SETTINGS: {"tools": {"allowed": ["run_shell_command"]}}})
    untrusted = {name: content for name, content in user({}).items() if name == SETTINGS}
    allows = {SETTINGS: {"tools": {"allowed": ["run_shell_command"]}}}
    yield Combination("project allows, not trusted", untrusted, allows, refuses=True)
    rule = '[[rule]]\ntoolName = "{}"\ndecision = "{}"\npriority = 100\n'
    for tool, decision in (("run_shell_command", "allow"), ("*", "allow"), ("write_file", "allow"), ("*", "deny")):
        policy = {".gemini/policies/own.toml": rule.format(tool, decision)}
        yield Combination(f"policy {decision} {tool}", user({}) | policy)
    locked = {
        "gemini-cli/settings.json": {
            "security": {"disableYoloMode": True},
            "general": {"defaultApprovalMode": "default"},
        }
    }
    yield Combination("system default, user edits", user({"general": {"defaultApprovalMode": "auto_edit"}}), etc=locked)
    system = {"gemini-cli/settings.json": {"tools": {"allowed": ["run_shell_command"]}}}
    yield Combination("system allows", user({}), etc=system)
    text = '{"general": {"defaultApprovalMode": "plan"},}'
    yield Combination("trailing comma", user({"tools": {"allowed": ["write_file"]}}), {SETTINGS: text}, refuses=True)


TOOLS = (
    "run_shell_command", "run_shell_command(./note)", "run_shell_command(git)", "write_file", "replace", "ShellTool",
    "WriteFileTool", "note_call", "mcp_probe_note_call", "mcp_probe_*", "probe", "read_file", "*",
)  # fmt: skip
RULE = '[[rule]]\ntoolName = {}\ndecision = "{}"\npriority = {}\n{}\n'


def _policy(random: Random) -> str:
    """Some rules; now and then one that the client does not take."""
    names = (*(f'"{tool}"' for tool in TOOLS if "(" not in tool), '["write_file", "run_shell_command"]', "3")
    more = (
        "", "", "", 'commandPrefix = "./note"', 'commandPrefix = "git"', 'commandRegex = ".*"', 'modes = ["yolo"]',
        'mcpName = "probe"', 'modes = ["default"]', 'argsPattern = "note"', "interactive = true", "interactive = false",
        "allowRedirection = true", "colour = 1",
    )  # fmt: skip
    decisions = ("allow", "allow", "ask_user", "deny", "never")
    weights = (5, 5, 3, 3, 1)
    return "".join(
        RULE.format(
            random.choice(names), random.choices(decisions, weights)[0], random.choice((1, 100, 999, 1000, -1, 0.5)),
            random.choice(more),
        )
        for _ in range(random.randint(1, 3))
    )  # fmt: skip


def draw(random: Random) -> Combination:
    """Settings and policies of all layers by chance."""
    tools = lists(random, TOOLS)
    space: Spaces = {
        "general.defaultApprovalMode": ["default", "auto_edit", "plan"],
        "tools.allowed": tools, "tools.core": tools, "tools.exclude": tools, "tools.confirmationRequired": tools,
        "mcp.allowed": [["probe"], ["other"]], "mcp.excluded": [["probe"]], "tools.autoAccept": [True],
        "security.disableYoloMode": [True], "security.disableAlwaysAllow": [True], "admin.mcp.enabled": [False],
        "admin.secureModeEnabled": [True],
    }  # fmt: skip
    servers = ({}, {"trust": True}, {"includeTools": ["note_call"]}, {"excludeTools": ["note_call"]})
    home = dict(user({}, random.choice(servers)))
    home[SETTINGS] = joined(document(random, space, 0.15), home[SETTINGS])
    own: dict[str, object] = {SETTINGS: document(random, space, 0.15)} if random.random() < 0.4 else {}
    etc: dict[str, object] = {}
    if random.random() < 0.5:
        home[".gemini/policies/a.toml"] = _policy(random)
    if random.random() < 0.2:
        home[".gemini/policies/b.toml"] = _policy(random)
    if random.random() < 0.3:
        own[".gemini/policies/own.toml"] = _policy(random)
    for name in ("settings.json", "system-defaults.json"):
        if random.random() < 0.15:
            etc[f"gemini-cli/{name}"] = document(random, space, 0.2)
    if random.random() < 0.15:
        etc["gemini-cli/policies/a.toml"] = _policy(random)
    return Combination("", home, own, etc)


@contextmanager
def session(first: Place, env: Mapping[str, str]) -> Iterator[Ask]:
    yield partial(ask, env)


def ask(env: Mapping[str, str], place: Place, asked: Combination) -> Behaviour:
    own = {
        "GEMINI_API_KEY": "fake",
        "GOOGLE_GEMINI_BASE_URL": env["MODEL"] + place.project,
        "GEMINI_TELEMETRY_ENABLED": "false",
    }
    return headless(place, ["gemini", "-m", "gemini-2.5-flash", "-p", "run the probes"], env | own)[0]


GEMINI_CLI = Client("gemini-cli", "@google/gemini-cli", "gemini", combinations, session, draw=draw, every=4)
