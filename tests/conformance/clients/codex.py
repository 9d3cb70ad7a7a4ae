"""OpenAI Codex: `codex debug prompt-input` tells the model the sandbox and the approval policy; `codex mcp list`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import product
from random import Random

from agent.records.posture import ApprovalMode, Network, Sandbox
from tests.conformance.combination import Ask, Behaviour, Client, Combination
from tests.conformance.drawing import document
from tests.conformance.machine import Place

APPROVALS = (
    "", 'approval_policy = "on-request"', 'approval_policy = "never"', 'approval_policy = "on-failure"',
    "approval_policy = { granular = { sandbox_approval = true, rules = false, mcp_elicitations = false } }",
    'approvals_reviewer = "auto_review"',
)  # fmt: skip
SANDBOXES = (
    "", 'sandbox_mode = "read-only"', 'sandbox_mode = "workspace-write"', 'sandbox_mode = "danger-full-access"',
    'sandbox_mode = "workspace-write"\n[sandbox_workspace_write]\nnetwork_access = true',
    'sandbox_mode = "workspace-write"\n[sandbox_workspace_write]\nwritable_roots = ["/"]',
    'sandbox_mode = "workspace-write"\n[sandbox_workspace_write]\nwritable_roots = ["/opt/x"]',
    'sandbox_mode = "read-only"\n[sandbox_workspace_write]\nnetwork_access = true',
    'default_permissions = ":read-only"', 'default_permissions = ":workspace"',
    'default_permissions = ":danger-full-access"',
    'default_permissions = ":danger-full-access"\nsandbox_mode = "read-only"',
    'default_permissions = ":read-only"\nsandbox_mode = "danger-full-access"',
    'default_permissions = "x"\n[permissions.x.filesystem]\n":root" = "write"',
    'default_permissions = "x"\n[permissions.x.filesystem]\n":root" = "write"\n[permissions.x.network]\nenabled = true',
    'default_permissions = "x"\n[permissions.x.filesystem]\n":root" = "read"\n":workspace_roots" = "write"',
    'default_permissions = "x"\n[permissions.x.filesystem]\n":root" = "read"\n[permissions.x.network]\nenabled = true',
    'default_permissions = "x"\n[permissions.x]\nextends = ":workspace"\n[permissions.x.filesystem]\n"/" = "write"',
)  # fmt: skip
TRUST = ('[projects."{project}"]\ntrust_level = "trusted"\n', '[projects."{project}"]\ntrust_level = "untrusted"\n', "")
CONFIG = ".codex/config.toml"
FREE = 'approval_policy = "never"\nsandbox_mode = "danger-full-access"\n'
ONLY = 'allowed_approval_policies = ["on-request"]\nallowed_sandbox_modes = ["read-only", "workspace-write"]\n'
SERVERS = {
    "off": 'command = "x"\nenabled = false',
    "on": 'command = "x"\nenabled = true',
    "plain": 'command = "x"\nargs = ["y"]',
    "disabled": 'command = "x"\ndisabled = true',
    "active": 'command = "x"\nisActive = false',
    "web": 'url = "http://127.0.0.1:9/mcp"',
    "typed": 'type = "sse"\nurl = "http://127.0.0.1:9/sse"',
    "weboff": 'url = "http://127.0.0.1:9/mcp"\nenabled = false',
    "both": 'command = "x"\nurl = "http://127.0.0.1:9/mcp"',
    "http_url": 'httpUrl = "http://127.0.0.1:9/mcp"',
    "required": 'command = "python3"\nargs = ["{home}/probe.py", "required"]\nrequired = true',
    "local": 'command = "x"\nenvironment_id = "local"',
}


def combinations() -> Iterator[Combination]:
    for number, (approval, sandbox) in enumerate(product(APPROVALS[:4], SANDBOXES)):
        trust = TRUST[number % 3]
        yield settings(f"user {approval or '-'} {sandbox or '-'} {number % 3}", approval, sandbox, trust)
    for approval, sandbox in product(APPROVALS[4:], SANDBOXES[:5]):
        yield settings(f"user {approval} {sandbox or '-'}", approval, sandbox, TRUST[0])
    yield from _layers()
    yield from _servers()


def settings(name: str, approval: str, sandbox: str, trust: str) -> Combination:
    """What a user's own file sets."""
    top, _, tables = sandbox.partition("\n[")
    return Combination(name, {CONFIG: "\n".join((approval, top, "[" + tables if tables else "", trust))})


def _layers() -> Iterator[Combination]:
    """A project's file, by trust; an administrator's files; profiles that nobody chose."""
    for trust, (name, own) in product(TRUST, {"free": FREE, "careful": SANDBOXES[1], "never": APPROVALS[2]}.items()):
        for user in ("", 'approval_policy = "on-request"\nsandbox_mode = "workspace-write"\n'):
            layers = {CONFIG: user + trust}
            yield Combination(f"project {name}, {trust[-10:].strip()}, {user[:8]}", layers, {CONFIG: own})
    for user in ("", APPROVALS[1] + "\n" + SANDBOXES[2], FREE):
        for file, text in {
            "managed_config.toml": FREE,
            "config.toml": FREE,
            "requirements.toml": ONLY,
        }.items():
            yield Combination(f"{file}, {user[:26]}", {CONFIG: user + "\n" + TRUST[0]}, etc={f"codex/{file}": text})
        careful = {"codex/managed_config.toml": 'approval_policy = "on-request"\nsandbox_mode = "read-only"\n'}
        yield Combination(f"careful managed_config, {user[:26]}", {CONFIG: user + "\n" + TRUST[0]}, etc=careful)
    yield Combination("a profile's file that nobody chose", {CONFIG: TRUST[0], ".codex/free.config.toml": FREE})


def _servers() -> Iterator[Combination]:
    for name, text in SERVERS.items():
        refuses = name in ("both", "http_url")
        yield Combination(f"server {name}", {CONFIG: f"[mcp_servers.{name}]\n{text}\n"}, servers=True, refuses=refuses)
    for trust in TRUST:
        table = '[mcp_servers.team]\ncommand = "x"\n'
        yield Combination(f"server of a project, {trust[-10:].strip()}", {CONFIG: trust}, {CONFIG: table}, servers=True)
    listed = '[mcp_servers.plain.identity]\ncommand = "x"\n'
    plain, other = ({CONFIG: f'[mcp_servers.{name}]\ncommand = "x"\n'} for name in ("plain", "other"))
    yield Combination("server that is permitted", plain, etc={"codex/requirements.toml": listed}, servers=True)
    yield Combination("server that is not permitted", other, etc={"codex/requirements.toml": listed}, servers=True)


ACCESS = ("read", "write", "none")
WHERE = (":root", ":workspace_roots", "/", "/opt", ":tmpdir", "{home}", "~/x")


def _config(random: Random) -> str:
    """One configuration file: top level, then tables."""
    top = document(random, {
        "approval_policy": ["on-request", "never", "on-failure"],
        "sandbox_mode": ["read-only", "workspace-write", "danger-full-access"],
        "default_permissions": [":read-only", ":workspace", ":danger-full-access", "own"],
        "approvals_reviewer": ["user", "auto_review"],
    })  # fmt: skip
    # Profiles without a choice among them, and an old kind of profile, are refused.
    own = random.random() < 0.4
    if own:
        top.setdefault("default_permissions", "own")
    elif top.get("default_permissions") == "own":
        del top["default_permissions"]
    lines = [f"{key} = {json.dumps(value)}" for key, value in top.items()]
    lines += ["[sandbox_workspace_write]", f"network_access = {random.choice(('true', 'false'))}"]
    lines += [f'writable_roots = ["{random.choice(("/", "/opt/x", "/home", "{home}", "~"))}"]'] * random.randint(0, 1)
    if not own:
        return "\n".join(lines) + "\n"
    lines += ["[permissions.own]", *['extends = ":workspace"'] * random.randint(0, 1), "[permissions.own.filesystem]"]
    lines += [f'"{where}" = "{random.choice(ACCESS)}"' for where in random.sample(WHERE, random.randint(0, 3))]
    lines += ["[permissions.own.network]", f"enabled = {random.choice(('true', 'false'))}"]
    return "\n".join(lines) + "\n"


def draw(random: Random) -> Combination:
    """Files of all layers by chance."""
    own = {CONFIG: _config(random)} if random.random() < 0.5 else {}
    more = {".codex/free.config.toml": FREE} if random.random() < 0.1 else {}
    names = (("requirements.toml", ONLY), ("managed_config.toml", _config(random)), ("config.toml", _config(random)))
    etc = {f"codex/{name}": text for name, text in names if random.random() < 0.1}
    return Combination("", {CONFIG: _config(random) + random.choice(TRUST), **more}, own, etc)


@contextmanager
def session(first: Place, env: Mapping[str, str]) -> Iterator[Ask]:
    """Each question is a process of its own."""
    yield partial(ask, env)


def ask(env: Mapping[str, str], place: Place, asked: Combination) -> Behaviour:
    told = place.run(["codex", "debug", "prompt-input"], env)
    if told.returncode:
        return Behaviour(refused=told.stderr[-200:])
    text = "\n".join(part.get("text", "") for item in json.loads(told.stdout) for part in item.get("content") or ())
    sandbox = _sandbox(text)
    network: Network = "on" if "Network access is enabled" in text else "off"
    mode: ApprovalMode = "bypasses" if sandbox == "none" else "asks_risky"
    if sandbox != "none" and (
        "Approval policy is currently never" in text or "`approvals_reviewer` is `auto_review`" in text
    ):
        mode = "auto_approves"
    return Behaviour(
        mode=mode, sandbox=sandbox, network=network, servers=_listed(place, env) if asked.servers else None
    )


def _sandbox(text: str) -> Sandbox:
    """From what the client tells the model of the file system."""
    if '<file_system type="unrestricted"' in text or "`sandbox_mode` is `danger-full-access`" in text:
        return "none"
    writable = re.findall(r'<entry access="write">(?:<path>|<special>)([^<]*)<', text)
    assert '<file_system type="restricted"' in text, text[-1000:]
    return "none" if "/" in writable or ":root" in writable else "partial" if writable else "full"


def _listed(place: Place, env: Mapping[str, str]) -> dict[str, str]:
    told = place.run(["codex", "mcp", "list", "--json"], env)
    transports = {"stdio": "stdio", "streamable_http": "http"}
    return {s["name"]: transports[s["transport"]["type"]] for s in json.loads(told.stdout) if s["enabled"]}


CODEX = Client("codex", "@openai/codex", "codex", combinations, session, draw=draw)
