"""Qwen Code: a headless run against a model of ours, seen by what happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from random import Random

from tests.conformance.combination import Ask, Behaviour, Client, Combination, Files
from tests.conformance.drawing import Spaces, document, lists
from tests.conformance.machine import Place, headless

SETTINGS = ".qwen/settings.json"
SERVER = {"command": "python3", "args": ["{home}/probe.py", "probe"]}


def user(more: Mapping[str, object], server: Mapping[str, object] = {}) -> Files:
    """The user's settings, with one server."""
    return {SETTINGS: {"mcpServers": {"probe": SERVER | server}} | more}


def combinations() -> Iterator[Combination]:
    yield Combination("nothing", user({}))
    for mode in ("default", "auto-edit", "auto_edit", "plan", "yolo", "YOLO"):
        yield Combination(f"user mode {mode}", user({"tools": {"approvalMode": mode}}))
    yield Combination("project mode yolo", user({}), {SETTINGS: {"tools": {"approvalMode": "yolo"}}})
    yield Combination(
        "user yolo, project plan",
        user({"tools": {"approvalMode": "yolo"}}),
        {SETTINGS: {"tools": {"approvalMode": "plan"}}},
    )
    system = {"qwen-code/settings.json": {"tools": {"approvalMode": "yolo"}}}
    yield Combination("system yolo, user default", user({"tools": {"approvalMode": "default"}}), etc=system)
    defaults = {"qwen-code/system-defaults.json": {"tools": {"approvalMode": "auto-edit"}}}
    yield Combination("system defaults edit", user({}), etc=defaults)
    for rule in (
        "Bash",
        "Bash(*)",
        "run_shell_command",
        "Bash(./note *)",
        "Bash(git *)",
        "Edit",
        "Write",
        "write_file",
        "mcp__probe",
        "*",
    ):
        yield Combination(f"allow {rule}", user({"permissions": {"allow": [rule]}}))
    yield Combination("tools allowed", user({"tools": {"allowed": ["run_shell_command"]}}))
    yield Combination("allowed, denied", user({"permissions": {"allow": ["Bash"], "deny": ["Bash"]}}))
    yield Combination("project allows", user({}), {SETTINGS: {"permissions": {"allow": ["Bash"]}}})
    yield Combination("yolo, denied", user({"tools": {"approvalMode": "yolo"}, "permissions": {"deny": ["Bash"]}}))
    yield Combination("comment in the file", {SETTINGS: '// x\n{"tools": {"approvalMode": "yolo"}}'})
    yield Combination("trailing comma", {SETTINGS: '{"tools": {"approvalMode": "yolo"},}'})
    yield Combination("old key", user({"approvalMode": "yolo"}))
    yield Combination("old key for tools", user({"allowedTools": ["run_shell_command"]}))
    yield Combination("old key, old version", user({"$version": 1, "autoAccept": True}))
    yield Combination("server trusted", user({}, {"trust": True}))
    yield Combination("server disabled", user({}, {"disabled": True}))
    yield Combination("server excluded", user({"mcp": {"excluded": ["probe"]}}))
    yield Combination("server not allowed", user({"mcp": {"allowed": ["other"]}}))
    yield Combination(
        "server of the project",
        user({}),
        {SETTINGS: {"mcpServers": {"team": SERVER | {"args": ["{home}/probe.py", "team"]}}}},
    )
    yield Combination(
        "server of the project's .mcp.json",
        user({}),
        {".mcp.json": {"mcpServers": {"team": SERVER | {"args": ["{home}/probe.py", "team"]}}}},
    )


RULES = (
    "Bash", "Bash(*)", "run_shell_command", "Bash(./note *)", "Bash(git *)", "Bash(sh *)", "Edit", "Write",
    "write_file", "Edit(**)", "Edit(edited.txt)", "mcp__probe", "mcp__probe__note_call", "mcp__*", "*", "Read",
    "WebFetch", "ShellTool",
)  # fmt: skip


def draw(random: Random) -> Combination:
    """Settings of all layers by chance."""
    rules = lists(random, RULES)
    space: Spaces = {
        "tools.approvalMode": ["default", "auto-edit", "plan", "yolo", "auto", "never"],
        "permissions.allow": rules, "permissions.ask": rules, "permissions.deny": rules,
        "tools.allowed": rules, "tools.exclude": rules, "tools.autoAccept": [True, False],
        "mcp.excluded": [["probe"], ["team"]], "mcp.allowed": [["probe"], ["other"]],
        "security.folderTrust.enabled": [True, False], "general.defaultPermissionMode": ["auto", "bypass_permissions"],
        "permissions.autoMode": [{"hints": {"allow": ["x"]}}],
    }  # fmt: skip
    home = user(document(random, space, 0.2), random.choice(({}, {"trust": True}, {"disabled": True})))
    trust = random.choice(("", "TRUST_FOLDER", "DO_NOT_TRUST"))
    folders: Files = {".qwen/trustedFolders.json": {"{project}": trust}} if trust else {}
    own = {SETTINGS: document(random, space, 0.2)} if random.random() < 0.5 else {}
    names = ("qwen-code/settings.json", "qwen-code/system-defaults.json")
    etc = {name: document(random, space, 0.15) for name in names if random.random() < 0.2}
    return Combination("", {**home, **folders}, own, etc)


@contextmanager
def session(first: Place, env: Mapping[str, str]) -> Iterator[Ask]:
    yield partial(ask, env)


def ask(env: Mapping[str, str], place: Place, asked: Combination) -> Behaviour:
    own = {
        "OPENAI_API_KEY": "fake",
        "OPENAI_BASE_URL": env["MODEL"] + place.project + "/v1",
        "OPENAI_MODEL": "fake-model",
    }
    # It sends even what is for loopback to a proxy.
    own |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), env["PROXY"])
    return headless(place, ["qwen", "--auth-type", "openai", "-p", "run the probes"], env | own)[0]


QWEN_CODE = Client("qwen-code", "@qwen-code/qwen-code", "qwen", combinations, session, draw=draw, every=4)
