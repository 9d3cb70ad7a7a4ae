"""Gemini CLI: a headless run against a model of ours, seen by what happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from tests.conformance.combination import Ask, Behaviour, Client, Combination, Files
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


GEMINI_CLI = Client("gemini-cli", "@google/gemini-cli", "gemini", combinations, session, every=4)
