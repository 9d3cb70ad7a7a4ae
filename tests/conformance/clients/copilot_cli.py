"""GitHub Copilot CLI: a headless run against a model of ours, seen by what happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from tests.conformance.combination import Ask, Behaviour, Client, Combination, Files
from tests.conformance.machine import Place, headless

SETTINGS, SERVERS = ".copilot/settings.json", ".copilot/mcp-config.json"
PROJECT = ".github/copilot/settings.json"
SERVER = {"type": "local", "command": "python3", "args": ["{home}/probe.py", "probe"], "tools": ["*"]}


def user(more: Mapping[str, object], server: Mapping[str, object] = {}) -> Files:
    """The user's settings, with one server, in a folder that is trusted."""
    return {
        SETTINGS: {"trustedFolders": ["{project}"]} | more,
        SERVERS: {"mcpServers": {"probe": SERVER | server}},
    }


def combinations() -> Iterator[Combination]:
    yield Combination("nothing", user({}))
    for mode in ("manual", "assisted", "allow-all"):
        yield Combination(f"user mode {mode}", user({"defaultPermissionMode": mode}))
    yield Combination("not trusted", {SERVERS: {"mcpServers": {"probe": SERVER}}})
    yield Combination("server off", user({"disabledMcpServers": ["probe"]}))
    yield Combination("server disabled", user({}, {"disabled": True}))
    yield Combination("server not enabled", user({}, {"enabled": False}))
    yield Combination("server without tools", user({}, {"tools": []}))
    yield Combination("server of one tool", user({}, {"tools": ["note_call"]}))
    yield Combination("server of type stdio", user({}, {"type": "stdio"}))
    yield Combination("server off by the project", user({}), {PROJECT: {"disabledMcpServers": ["probe"]}})
    for kind in ("shell", "write", "mcp"):
        approvals = {"locations": {"{project}": {"tool_approvals": [APPROVALS[kind]]}}}
        yield Combination(f"location approves {kind}", user({}) | {".copilot/permissions-config.json": approvals})
    team = SERVER | {"args": ["{home}/probe.py", "team"]}
    for path in (".mcp.json", ".github/mcp.json", ".vscode/mcp.json"):
        key = "servers" if path.startswith(".vscode") else "mcpServers"
        yield Combination(f"server of {path}", user({}), {path: {key: {"team": team}}})
    yield Combination("managed locks bypass", user({"defaultPermissionMode": "allow-all"}), etc={
        "github-copilot/managed-settings.json": {"permissions": {"disableBypassPermissionsMode": "disable"}},
    })  # fmt: skip


APPROVALS: dict[str, dict[str, object]] = {
    "shell": {"kind": "commands", "commandIdentifiers": ["./note"]},
    "write": {"kind": "write"},
    "mcp": {"kind": "mcp", "serverName": "probe", "toolName": None},
}


@contextmanager
def session(first: Place, env: Mapping[str, str]) -> Iterator[Ask]:
    yield partial(ask, env)


def ask(env: Mapping[str, str], place: Place, asked: Combination) -> Behaviour:
    own = {
        "COPILOT_PROVIDER_BASE_URL": env["MODEL"] + place.project + "/v1", "COPILOT_PROVIDER_TYPE": "openai",
        "COPILOT_PROVIDER_API_KEY": "fake", "COPILOT_MODEL": "fake-model", "COPILOT_OFFLINE": "true",
    }  # fmt: skip
    return headless(place, ["copilot", "-p", "run the probes"], env | own)[0]


COPILOT_CLI = Client("copilot-cli", "@github/copilot", "copilot", combinations, session, every=2)
