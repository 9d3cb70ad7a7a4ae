"""opencode: its server tells, for any folder, the rules of each agent and the state of each MCP server."""

from __future__ import annotations

import json
import os
import signal
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import partial
from itertools import product
from random import Random
from typing import Any
from urllib.error import HTTPError

from tests.conformance.combination import Ask, Behaviour, Client, Combination
from tests.conformance.machine import Place

PERMISSIONS: dict[str, object] = {
    "nothing": {},
    "all asked": {"permission": {"*": "ask"}},
    "all denied": {"permission": "deny"},
    "all allowed": {"permission": "allow"},
    "edit and bash asked": {"permission": {"edit": "ask", "bash": "ask"}},
    "map without a star": {"permission": {"*": "ask", "bash": {"git *": "allow"}}},
    "bash map without a star": {"permission": {"edit": "ask", "bash": {"rm *": "deny"}}},
    "map with a star": {"permission": {"edit": "ask", "bash": {"*": "ask", "git *": "allow"}}},
    "star last": {"permission": {"*": "ask", "bash": {"git *": "ask", "*": "allow"}}},
    "star after": {"permission": {"bash": "ask", "*": "allow"}},
    "edit map": {"permission": {"*": "ask", "edit": {"*.md": "allow", "*": "allow"}}},
    "edit map without a star": {"permission": {"bash": "ask", "edit": {"secrets/*": "deny"}}},
    "question marks": {"permission": {"*": "ask", "ba?h": "allow"}},
    "pattern as tool": {"permission": {"*": "ask", "b*": "allow"}},
    "double star": {"permission": {"*": "ask", "edit": {"**": "allow"}}},
    "tools of servers": {"permission": {"*": "allow", "edit": "ask", "bash": "ask"}},
    "server allowed": {"permission": {"*": "ask", "probe_*": "allow"}},
    "server asked": {"permission": {"edit": "ask", "bash": "ask", "probe_*": "ask", "webfetch": "ask"}},
    "agent allowed": {"permission": {"*": "ask"}, "agent": {"build": {"permission": {"bash": "allow"}}}},
    "agent asked": {"agent": {"build": {"permission": {"*": "ask"}}}},
    "agent by star": {"permission": {"*": "ask"}, "agent": {"build": {"permission": {"*": "allow"}}}},
    "other agent allowed": {"permission": {"*": "ask"}, "agent": {"reviewer": {"permission": {"bash": "allow"}}}},
    "another default agent": {
        "permission": {"*": "ask"}, "default_agent": "free",
        "agent": {"free": {"mode": "primary", "prompt": "x", "permission": {"*": "allow"}}},
    },
    "plan by default": {"default_agent": "plan"},
    "tools off": {"tools": {"bash": False, "write": False, "edit": False}},
    "tools on": {"permission": {"bash": "ask"}, "tools": {"bash": True}},
    "mode of old": {"permission": {"*": "ask"}, "mode": {"build": {"permission": {"edit": "allow"}}}},
    "word unknown": {"permission": {"bash": "never"}},
    "list": {"permission": ["bash"]},
}  # fmt: skip
LAYERS = (
    "nothing",
    "all asked",
    "edit and bash asked",
    "bash map without a star",
    "agent allowed",
    "agent asked",
    "all allowed",
)
USER = ".config/opencode/opencode.json"


def local(**more: object) -> dict[str, object]:
    return {"type": "local", "command": ["false"], **more}


def by_user(name: str) -> dict[str, object]:
    """The user's file, which also defines the server that is probed."""
    settings = PERMISSIONS[name]
    assert isinstance(settings, dict)
    return {USER: settings | {"mcp": {"probe": local()}}}


REMOTE = {"type": "remote", "url": "http://127.0.0.1:9/mcp"}
SERVERS: dict[str, tuple[object, object]] = {
    "plain": (local(), {}),
    "off": (local(enabled=False), {}),
    "disabled": (local(disabled=True), {}),
    "remote": (REMOTE, {}),
    "project switches off": (local(), {"enabled": False}),
    "project switches on": (local(enabled=False), {"enabled": True}),
    "project changes its kind": (local(), REMOTE),
    "of a project": ({}, local()),
    "of a project, off": ({}, local(enabled=False)),
    "off in both": (local(enabled=False), local(enabled=False)),
    "project replaces it, off before": (local(enabled=False), local()),
    "project changes its environment": (local(enabled=False), {"environment": {"A": "b"}}),
}


def combinations() -> Iterator[Combination]:
    for user, project in product(LAYERS, LAYERS):
        yield Combination(f"{user} / {project}", by_user(user), {"opencode.json": PERMISSIONS[project]})
    for name, settings in PERMISSIONS.items():
        if name not in LAYERS:
            for user in ("nothing", "all asked"):
                refuses = name in ("word unknown", "list")
                yield Combination(f"{user} / {name}", by_user(user), {"opencode.json": settings}, refuses=refuses)
    careful, free = ({"permission": {"*": effect}} for effect in ("ask", "allow"))
    text = json.dumps(careful)
    for path, content in {
        ".opencode/opencode.json": careful,
        ".opencode/opencode.jsonc": f"// asks\n{text[:-1]},}}",
        "opencode.jsonc": f"/* asks */ {text}",
        "opencode.json": f"// with a comment\n{text}",
        ".opencode/agent/build.md": "---\npermission:\n  '*': ask\n---\nBuild.\n",
        ".opencode/agents/build.md": "---\npermission:\n  bash: allow\n---\nBuild.\n",
    }.items():
        for user in ("nothing", "all asked"):
            yield Combination(f"{user} / {path}", by_user(user), {path: content})
    both = {"opencode.json": free, ".opencode/opencode.json": careful}
    yield Combination("nothing / two files", by_user("nothing"), both)
    users = {USER: {"mcp": {name: user for name, (user, _) in SERVERS.items() if user}}}
    for name, (_, project) in SERVERS.items():
        own = {"opencode.json": {"mcp": {name: project} if project else {}}}
        yield Combination(f"server {name}", users, own, servers=True, refuses="environment" in name)
    for user, managed in (("all allowed", careful), ("all asked", free)):
        etc = {"opencode/opencode.json": managed}
        yield Combination(f"{user} / managed", by_user(user), etc=etc)
        yield Combination(f"{user} / {user} / managed", by_user(user), {"opencode.json": PERMISSIONS[user]}, etc)


TOOLS = ("*", "bash", "edit", "b*", "?dit", "probe_*", "probe*", "read", "webfetch", "external_directory", "write")
PATTERNS = ("*", "**", "git *", "./note *", "./note*", "*.txt", "edited.txt", "src/*", "?*", "~/*", "sh *", "* *")


def _rules(random: Random) -> object:
    """What may stand for all tools: a word, or a map of tools to words or to maps of patterns."""
    effects = ("allow", "ask", "deny")
    if random.random() < 0.15:
        return random.choice(effects)
    rules: dict[str, object] = {}
    for tool in random.sample(TOOLS, random.randint(0, 4)):
        patterns = random.sample(PATTERNS, random.randint(1, 3))
        many = random.random() < 0.5
        rules[tool] = {each: random.choice(effects) for each in patterns} if many else random.choice(effects)
    return rules


def _file(random: Random) -> dict[str, object]:
    """One file with rules, rules of agents, and the older map of tools."""
    file: dict[str, object] = {"permission": _rules(random)} if random.random() < 0.7 else {}
    if random.random() < 0.3:
        file["agent"] = {random.choice(("build", "build", "plan")): {"permission": _rules(random)}}
    if random.random() < 0.2:
        file["tools"] = {tool: random.random() < 0.5 for tool in random.sample(("bash", "edit", "write", "b*"), 2)}
    if random.random() < 0.1:
        file["default_agent"] = "plan"
    return file


def draw(random: Random) -> Combination:
    """Files of a project by chance; the account's are one of a few, because each of them is a server of its own."""
    paths = ("opencode.json", "opencode.jsonc", ".opencode/opencode.json")
    own = {path: _file(random) for path in random.sample(paths, random.randint(1, 2))}
    return Combination("", by_user(random.choice(LAYERS)), own)


@contextmanager
def session(first: Place, env: Mapping[str, str]) -> Iterator[Ask]:
    """A server of the account's user."""
    quiet = dict.fromkeys(
        (f"OPENCODE_DISABLE_{what}" for what in ("MODELS_FETCH", "AUTOUPDATE", "DEFAULT_PLUGINS")), "1"
    )
    with first.start(["opencode", "serve", "--port", "0"], {**env, **quiet}) as process:
        assert process.stdout
        lines = (line.decode() for line in process.stdout)
        url = next((line.rpartition(" ")[2].strip() for line in lines if "listening on http" in line), None)
        try:
            yield partial(ask, url)
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def ask(url: str | None, place: Place, asked: Combination) -> Behaviour:
    if url is None:
        return Behaviour(refused="its server does not start")
    where = urllib.parse.urlencode({"directory": place.project})
    try:
        config, agents = (_get(f"{url}/{what}?{where}") for what in ("config", "agent"))
        servers = _get(f"{url}/mcp?{where}") if asked.servers else None
    except HTTPError as error:
        return Behaviour(refused=error.read().decode()[:200])
    agent = next(agent for agent in agents if agent["name"] == config.get("default_agent", "build"))
    probes = {"command": ("bash", "./note command"), "edit": ("edit", "edited.txt"), "server": ("probe_note_call", "*")}
    unasked = {probe for probe, (tool, what) in probes.items() if _effect(agent["permission"], tool, what) == "allow"}
    return Behaviour(unasked=frozenset(unasked), servers=servers and dict(_on(servers, config["mcp"])))


def _on(states: dict[str, Any], entries: dict[str, Any]) -> Iterator[tuple[str, str]]:
    transports = {"local": "stdio", "remote": "http"}
    for name, state in states.items():
        if state["status"] != "disabled":
            yield name, transports[entries[name]["type"]]


def _get(url: str) -> Any:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=60) as answer:
        return json.load(answer)


def _effect(rules: list[dict[str, str]], tool: str, what: str) -> str:
    """As the client applies its list: the last rule that matches."""
    return next(
        (
            r["action"]
            for r in reversed(rules)
            if fnmatchcase(tool, r["permission"]) and fnmatchcase(what, r["pattern"])
        ),
        "ask",
    )


OPENCODE = Client("opencode", "opencode-ai", "opencode", combinations, session, draw=draw, shared=True)
