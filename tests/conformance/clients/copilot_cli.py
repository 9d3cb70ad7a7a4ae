"""GitHub Copilot CLI: a headless run against a model of ours, seen by what happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from random import Random

from tests.conformance.combination import Ask, Behaviour, Client, Combination, Files
from tests.conformance.drawing import Spaces, document, joined
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


def draw(random: Random) -> Combination:
    """Settings of all layers, servers and approvals of a place by chance."""
    space: Spaces = {
        "defaultPermissionMode": ["manual", "assisted", "allow-all", "never"],
        "disabledMcpServers": [["probe"], ["team"]],
        "permissions.disableBypassPermissionsMode": ["disable", "enable"],
        "disableAllHooks": [True], "allowedUrls": [["example.com"]], "experimental": [True],
        "allowed_tools": [["shell"]], "allowedTools": [["shell", "write"]], "approveAll": [True],
    }  # fmt: skip
    server = random.choice(({}, {}, {"tools": []}, {"tools": ["note_call"]}, {"disabled": True}, {"type": "stdio"}))
    home = dict(user({}, server))
    home[SETTINGS] = joined(document(random, space, 0.25), {"trustedFolders": ["{project}"]})
    if random.random() < 0.2:
        home[SETTINGS] = document(random, space, 0.25)
    if random.random() < 0.2:
        home[".copilot/config.json"] = document(random, space, 0.3)
    given = [
        *APPROVALS.values(), {"kind": "commands", "commandIdentifiers": ["git"]}, {"kind": "commands"},
        {"kind": "commands", "commandIdentifiers": ["*"]}, {"kind": "shell"}, {"kind": "read"}, {"kind": "memory"},
        {"kind": "mcp", "serverName": "probe", "toolName": "note_call"}, {"kind": "mcp", "serverName": "other"},
        {"kind": "custom-tool", "toolName": "bash"},
    ]  # fmt: skip
    if random.random() < 0.5:
        where = random.choice(("{project}", "{project}", "{home}", "{project}/src"))
        approvals = {"locations": {where: {"tool_approvals": random.sample(given, random.randint(1, 3))}}}
        home[".copilot/permissions-config.json"] = approvals
    names = (PROJECT, ".github/copilot/settings.local.json")
    own: dict[str, object] = {name: document(random, space, 0.3) for name in names if random.random() < 0.4}
    if random.random() < 0.3:
        own[".mcp.json"] = {"mcpServers": {"team": SERVER | {"args": ["{home}/probe.py", "team"]}}}
    etc: Files = {"github-copilot/managed-settings.json": document(random, space, 0.4)} if random.random() < 0.3 else {}
    return Combination("", home, own, etc)


@contextmanager
def session(first: Place, env: Mapping[str, str]) -> Iterator[Ask]:
    yield partial(ask, env)


def ask(env: Mapping[str, str], place: Place, asked: Combination) -> Behaviour:
    own = {
        "COPILOT_PROVIDER_BASE_URL": env["MODEL"] + place.project + "/v1", "COPILOT_PROVIDER_TYPE": "openai",
        "COPILOT_PROVIDER_API_KEY": "fake", "COPILOT_MODEL": "fake-model", "COPILOT_OFFLINE": "true",
    }  # fmt: skip
    return headless(place, ["copilot", "-p", "run the probes"], env | own)[0]


COPILOT_CLI = Client("copilot-cli", "@github/copilot", "copilot", combinations, session, draw=draw, every=2)
