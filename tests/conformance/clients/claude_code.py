"""Claude Code: a headless run against a model of ours, seen by what happened; its first message names the mode."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from random import Random

from agent.records.posture import ApprovalMode
from tests.conformance.combination import Ask, Behaviour, Client, Combination
from tests.conformance.drawing import Spaces, document, lists
from tests.conformance.machine import Place, headless

USER, PROJECT, LOCAL = ".claude/settings.json", ".claude/settings.json", ".claude/settings.local.json"
MANAGED = "claude-code/managed-settings.json"
MODES: dict[str, ApprovalMode] = {
    "default": "asks_risky", "plan": "asks_always", "dontAsk": "asks_always", "acceptEdits": "auto_approves",
    "auto": "auto_approves", "bypassPermissions": "bypasses",
}  # fmt: skip
ALLOWED = (
    "Bash", "Bash(*)", "Bash(sh:*)", "Bash(git *)", "Bash(./note:*)", "Edit(edited.txt)", "Edit", "Write", "Edit(**)",
    "Write(*)", "Edit(//etc/**)", "*", "mcp__probe", "mcp__probe__*", "mcp__probe__note_call", "mcp__*", "PowerShell",
    "Read", "WebFetch",
)  # fmt: skip
SERVER = {"command": "python3", "args": ["{home}/probe.py", "probe"]}
STATE = ".claude.json"


def state(**more: object) -> dict[str, object]:
    """The client's own file, with one server of the user."""
    return {STATE: {"hasCompletedOnboarding": True, "mcpServers": {"probe": SERVER}, **more}}


def mode(name: str) -> dict[str, object]:
    return {"permissions": {"defaultMode": name}}


def combinations() -> Iterator[Combination]:
    for name in MODES:
        yield Combination(f"user {name}", state() | {USER: mode(name)})
        yield Combination(f"project {name}", state(), {PROJECT: mode(name)})
    for rule in ALLOWED:
        yield Combination(f"allow {rule}", state() | {USER: {"permissions": {"allow": [rule]}}})
    yield from _layers()
    yield from _ignored()
    yield from _servers()


def _layers() -> Iterator[Combination]:
    bypass, plan = mode("bypassPermissions"), mode("plan")
    yield Combination("user bypass, project plan", state() | {USER: bypass}, {PROJECT: plan})
    yield Combination("user plan, local bypass", state() | {USER: plan}, {LOCAL: bypass})
    yield Combination("user plan, local edits", state() | {USER: plan}, {LOCAL: mode("acceptEdits")})
    yield Combination("project edits, local default", state(), {PROJECT: mode("acceptEdits"), LOCAL: mode("default")})
    yield Combination("managed plan, user bypass", state() | {USER: bypass}, etc={MANAGED: plan})
    yield Combination("managed edits, user plan", state() | {USER: plan}, etc={MANAGED: mode("acceptEdits")})
    lock = {"permissions": {"disableBypassPermissionsMode": "disable"}}
    yield Combination("bypass locked by managed", state() | {USER: bypass}, etc={MANAGED: lock})
    yield Combination(
        "bypass locked by user", state() | {USER: bypass | {"permissions": lock["permissions"] | bypass["permissions"]}}
    )
    ours = {"allowManagedPermissionRulesOnly": True}
    allow = {"permissions": {"allow": ["Bash", "Edit"]}}
    yield Combination("rules of managed only", state() | {USER: allow}, etc={MANAGED: ours})
    yield Combination(
        "user allows, project denies", state() | {USER: allow}, {PROJECT: {"permissions": {"deny": ["Bash"]}}}
    )
    yield Combination(
        "user denies, project allows", state() | {USER: {"permissions": {"deny": ["Bash", "Edit"]}}}, {PROJECT: allow}
    )
    yield Combination(
        "user asks, project allows", state() | {USER: {"permissions": {"ask": ["Bash", "Edit"]}}}, {PROJECT: allow}
    )
    most = {"permissions": {"allow": ["Bash", "Edit"], "deny": ["Bash(sudo:*)"], "ask": ["Bash(sh:*)"]}}
    yield Combination("user allows all but some programs", state() | {USER: most})
    denied = {"deniedMcpServers": [{"serverName": "probe"}]}
    yield Combination("mode unknown, server denied", state() | {USER: denied | mode("never")})
    lists = [{"allowedMcpServers": [{"serverName": name}]} for name in ("other", "probe")]
    yield Combination("list of servers lengthened", state(), {LOCAL: lists[1]}, {MANAGED: lists[0]})
    yield Combination("project allows itself", state(), {PROJECT: allow})
    yield Combination("local allows itself", state(), {LOCAL: allow})
    yield Combination("allowed in its own file", state(projects={"{project}": {"allowedTools": ["Bash", "Edit"]}}))
    yield Combination("hooks off, auto off", state() | {USER: mode("auto") | {"disableAutoMode": "disable"}})


def _ignored() -> Iterator[Combination]:
    plan, bypass = json.dumps(mode("plan")), json.dumps(mode("bypassPermissions"))
    yield Combination("comment in the file", state() | {USER: "// a comment\n" + bypass})
    yield Combination(
        "plan with a comment, bypass by the project", state() | {USER: "// x\n" + plan}, {PROJECT: bypass}
    )
    yield Combination("trailing comma", state() | {USER: plan[:-1] + ",}"}, {LOCAL: bypass})
    yield Combination("managed with a trailing comma", state() | {USER: bypass}, etc={MANAGED: plan[:-1] + ",}"})
    yield Combination("byte order mark", state() | {USER: "\ufeff" + bypass})
    yield Combination("mode unknown", state() | {USER: mode("never")}, {PROJECT: mode("acceptEdits")})
    yield Combination("wrong type beside", state() | {USER: {"permissions": {"defaultMode": "plan", "allow": "Bash"}}})
    yield Combination(
        "forged managed", state() | {USER: json.loads(bypass), ".claude/remote-settings.json": json.loads(plan)}
    )
    yield Combination(
        "hidden drop-in",
        state() | {USER: json.loads(bypass)},
        etc={"claude-code/managed-settings.d/.x.json": json.loads(plan)},
    )
    yield Combination(
        "drop-in", state() | {USER: json.loads(bypass)}, etc={"claude-code/managed-settings.d/x.json": json.loads(plan)}
    )


def _servers() -> Iterator[Combination]:
    for name, more in {
        "disabled": {"disabled": True}, "not enabled": {"enabled": False}, "not active": {"isActive": False},
        "of type stdio": {"type": "stdio"}, "always allowed": {"alwaysAllow": ["note_call"]},
        "trusted": {"trust": True},
    }.items():  # fmt: skip
        yield Combination(
            f"server {name}", {STATE: {"hasCompletedOnboarding": True, "mcpServers": {"probe": SERVER | more}}}
        )
    shared = {".mcp.json": {"mcpServers": {"team": SERVER | {"args": ["{home}/probe.py", "team"]}}}}
    for name, settings in {
        "not decided": {}, "enabled": {"enabledMcpjsonServers": ["team"]},
        "rejected": {"disabledMcpjsonServers": ["team"]},
        "all enabled": {"enableAllProjectMcpServers": True}, "denied": {"deniedMcpServers": [{"serverName": "team"}]},
        "not allowed": {"allowedMcpServers": [{"serverName": "other"}]},
    }.items():  # fmt: skip
        yield Combination(f"server of the project, {name}", state() | {USER: settings}, shared)
    yield Combination("server in settings", state() | {USER: {"mcpServers": {"lost": SERVER}}})
    managed = {"claude-code/managed-mcp.json": {"mcpServers": {"own": SERVER | {"args": ["{home}/probe.py", "own"]}}}}
    yield Combination("servers of managed only", state(), shared, etc=managed)
    off = {"{project}": {"disabledMcpServers": ["probe"]}}
    yield Combination("server switched off here", state(projects=off))


def _space(random: Random) -> Spaces:
    """What any of its settings files may say."""
    rules = lists(random, ALLOWED)
    return {
        "permissions.defaultMode": [*MODES, "never"],
        "permissions.allow": rules, "permissions.ask": rules, "permissions.deny": rules,
        "permissions.disableBypassPermissionsMode": ["disable"], "permissions.disableAutoMode": ["disable"],
        "enableAllProjectMcpServers": [True, False], "enabledMcpjsonServers": [["team"]],
        "disabledMcpjsonServers": [["team"]], "deniedMcpServers": [[{"serverName": "probe"}], [{"serverName": "team"}]],
        "allowedMcpServers": [[{"serverName": "probe"}], []],
        "sandbox": [{"enabled": True}, {"enabled": True, "autoAllowBashIfSandboxed": False}, {"enabled": False}],
    }  # fmt: skip


def draw(random: Random) -> Combination:
    """Settings of all layers by chance."""
    space = _space(random)
    ours = space | {"allowManagedPermissionRulesOnly": [True, False]}
    layers = {USER: document(random, space, 0.25)}
    own = {path: document(random, space, 0.15) for path in (PROJECT, LOCAL) if random.random() < 0.5}
    shared = {".mcp.json": {"mcpServers": {"team": SERVER | {"args": ["{home}/probe.py", "team"]}}}}
    etc = {MANAGED: document(random, ours, 0.2)} if random.random() < 0.3 else {}
    if etc and random.random() < 0.5:
        etc["claude-code/managed-settings.d/10-x.json"] = document(random, ours, 0.2)
    tools = {"{project}": {"allowedTools": random.choice(lists(random, ALLOWED))}} if random.random() < 0.2 else {}
    more = shared if random.random() < 0.4 else {}
    return Combination("", state(projects=tools) | layers, own | more, etc)


@contextmanager
def session(first: Place, env: Mapping[str, str]) -> Iterator[Ask]:
    yield partial(ask, env)


def ask(env: Mapping[str, str], place: Place, asked: Combination) -> Behaviour:
    """One run; the servers are those that were started."""
    own = {"ANTHROPIC_BASE_URL": env["MODEL"] + place.project, "ANTHROPIC_API_KEY": "fake", "DISABLE_AUTOUPDATER": "1"}
    quiet = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
    command = ["claude", "-p", "run the probes", "--output-format", "stream-json", "--verbose"]
    behaviour, output = headless(place, command, env | own | quiet)
    messages = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    bypasses = any(m.get("permissionMode") == "bypassPermissions" for m in messages if m.get("subtype") == "init")
    return replace(behaviour, mode="bypasses") if bypasses else behaviour


CLAUDE_CODE = Client("claude-code", "@anthropic-ai/claude-code", "claude", combinations, session, draw=draw, every=3)
