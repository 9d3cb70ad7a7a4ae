"""Real servers, asked in their sandbox for what they offer; whoever may not be asked is not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.running_daemon import QUICK, RunningDaemon, wait_until
from tests.governance.policy.minisign_keys import Signer
from tests.installed import mcp_servers

if TYPE_CHECKING:
    from conftest import Machine, Outcome, Rollcall

UID = 54321
pytestmark = pytest.mark.timeout(900)

POLICY = """
version = "1"
[[server]]
name = "free-*"
"""


@pytest.fixture(scope="module")
def servers() -> tuple[Path, Path]:
    """Folders with the commands of real servers, from npm and from PyPI."""
    return mcp_servers()


def prepared(machine: Machine, defined: dict[str, Any], **files: object) -> Rollcall:
    """A home whose Cursor has these servers, and Rollcall under a policy that sanctions those called `free-…`."""
    for name, content in {".cursor/mcp.json": {"mcpServers": defined}, **files}.items():
        path = machine.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    subprocess.run(["chown", "-R", f"{UID}:{UID}", str(machine.home)], check=True)
    policy = machine.folder / "policy.toml"
    policy.write_text(POLICY)
    return machine.rollcall(f'[policy]\nfile = "{policy}"\n')


def probed(rollcall: Rollcall, *arguments: str) -> tuple[Outcome, dict[str, Any]]:
    done = rollcall("tools", "probe", "--yes", "--format", "ndjson", *arguments, timeout=400)
    return done, {one["server"]: one for one in map(json.loads, done.stdout.splitlines())}


def test_real_servers_tell_their_tools(machine: Machine, servers: tuple[Path, Path]) -> None:
    npm, pypi = servers
    machine.lay_open(Path(sys.base_prefix).resolve())
    (machine.home / "files").mkdir()
    (machine.home / "files/private.txt").write_text("Zq7planted5x")
    defined: dict[str, Any] = {
        "free-everything": {"command": str(npm / "mcp-server-everything")},
        "free-filesystem": {"command": str(npm / "mcp-server-filesystem"), "args": ["/home/dev/files"]},
        "free-memory": {"command": str(npm / "mcp-server-memory"), "env": {"MEMORY_FILE_PATH": "/scratch/notes.json"}},
        "free-thinking": {"command": str(npm / "mcp-server-sequential-thinking")},
        "free-context7": {"command": str(npm / "context7-mcp"), "env": {"CONTEXT7_API_KEY": "Zq7planted5x"}},
        "free-time": {"command": str(pypi / "mcp-server-time")},
        "free-git": {"command": str(pypi / "mcp-server-git")},
        "free-fetch": {"command": str(pypi / "mcp-server-fetch")},
        "other": {"command": str(pypi / "mcp-server-time")},
    }
    done, answers = probed(prepared(machine, defined), "*")
    assert {name for name, one in answers.items() if one["kind"] == "tools"} == set(defined) - {"other"}, [
        (one["server"], one["reason"]) for one in answers.values()
    ]
    counts = {name: len(one["tools"]) for name, one in answers.items()}
    print(counts, {name: one["protocol"] for name, one in answers.items()})
    tools = [tool for one in answers.values() for tool in one["tools"]]
    assert all(re.fullmatch("[0-9a-f]{64}", tool["definition_hash"]) for tool in tools)
    assert [tool["name"] for tool in tools if tool["marks"]] == []
    said = done.stderr.decode()
    assert "other in cursor is not asked: the policy does not sanction it" in said
    assert "CONTEXT7_API_KEY (left out" in said and "Zq7planted5x" not in said + done.stdout.decode()
    assert "finds empty: /home/dev/files" in said and "network: none" in said


def test_a_server_at_an_address_is_asked_in_both_ways(machine: Machine, servers: tuple[Path, Path]) -> None:
    command = str(servers[0] / "mcp-server-everything")
    ports = {"streamableHttp": 39461, "sse": 39462}
    for kind, port in ports.items():
        machine.start({"PORT": str(port)}, command, kind)
    defined = {
        "free-http": {"url": f"http://127.0.0.1:{ports['streamableHttp']}/mcp"},
        "free-sse": {"url": f"http://127.0.0.1:{ports['sse']}/sse", "type": "sse"},
        "free-untold": {"url": f"http://127.0.0.1:{ports['sse']}/sse"},
    }
    rollcall = prepared(machine, defined)
    deadline = time.monotonic() + 120
    answers: dict[str, Any] = {}
    while time.monotonic() < deadline:
        _, answers = probed(rollcall, "free-*")
        if all(one["kind"] == "tools" for one in answers.values()):
            break
        time.sleep(0.5)
    assert {name: one["kind"] for name, one in answers.items()} == dict.fromkeys(defined, "tools"), [
        one["reason"] for one in answers.values()
    ]
    tools = [[(tool["name"], tool["definition_hash"]) for tool in one["tools"]] for one in answers.values()]
    assert tools[0] == tools[1] == tools[2] and len(tools[0]) >= 8


def test_an_ordinary_account_asks_too_and_nobody_is_asked_unasked(machine: Machine) -> None:
    (machine.home / "server.py").write_bytes((Path(__file__).parents[1] / "probe/hostile_server.py").read_bytes())
    (machine.home / "private.txt").write_text("Zq7planted5x")
    args = ["/home/dev/server.py", "looks_around", "/home/dev/private.txt", "/root"]
    entry = {"command": "/usr/bin/python3", "args": args, "env": {"PLANTED_SECRET": "Zq7planted5x"}}
    settings = '[policy]\nfile = "/home/dev/policy.toml"\n'
    prepared(machine, {"free-one": entry}, **{"policy.toml": POLICY, "rollcall.toml": settings})
    probe = ("--config", "/home/dev/rollcall.toml", "tools", "probe", "free-one", "--format", "ndjson")
    refused = machine.rollcall_as_dev(*probe)
    assert (refused.status, refused.stdout) == (1, b"") and b"nobody to ask" in refused.stderr
    for options, seen in (((), []), (("--with-secrets",), ["variable"])):
        done = machine.rollcall_as_dev(*probe, "--yes", *options)
        (tool,) = json.loads(done.stdout)["tools"]
        assert tool["parameters"] == [*seen, "network_ENETUNREACH"], done
        assert b"Zq7planted5x" not in done.stdout + done.stderr


SIGNED = """version = "1"
[[server]]
command = "/usr/bin/python3"
[probe]
servers = ["/usr/bin/python3"]
"""


def test_the_daemon_asks_what_a_signed_policy_names_and_nothing_else(machine: Machine, tmp_path: Path) -> None:
    script = machine.home / "server.py"
    script.write_bytes((Path(__file__).parents[1] / "probe/hostile_server.py").read_bytes())
    entry = {"command": "/usr/bin/python3", "args": ["/home/dev/server.py", "poisoned"]}
    silent = {"command": "/usr/bin/python3", "args": ["/home/dev/server.py", "ends"]}
    files = {
        ".cursor/mcp.json": {"mcpServers": {"ours": entry, "broken": silent, "other": {"command": "/usr/bin/node"}}},
        "work/.cursor/mcp.json": {"mcpServers": {"of-the-project": {**entry, "args": ["/home/dev/server.py", "x"]}}},
    }
    for name, content in files.items():
        (machine.home / name).parent.mkdir(parents=True, exist_ok=True)
        (machine.home / name).write_text(json.dumps(content))
    (machine.home / "work/.git").mkdir()
    subprocess.run(["chown", "-R", f"{UID}:{UID}", str(machine.home)], check=True)
    signer, policy = Signer(tmp_path / "signer"), machine.folder / "policy.toml"
    policy.write_text(SIGNED)
    daemon = RunningDaemon(machine, f'{QUICK}[policy]\nfile = "{policy}"\n')
    daemon.ready()
    time.sleep(3)
    assert daemon.inventory("tool") == []  # nobody signed it
    Path(f"{policy}.minisig").write_text(signer.sign(SIGNED, 2000))
    daemon.configure(f'{QUICK}[policy]\nfile = "{policy}"\npublic_key = "{signer.public_key}"\n')
    daemon.kill()
    daemon.ready()
    wait_until(lambda: daemon.inventory("tool"), lambda: str(daemon.inventory("diagnostic")), 60)
    told = {(tool["server"], tool["name"], tool["known_from"], tool["listed"]) for tool in daemon.inventory("tool")}
    assert told == {("ours", "add", "probe", True)}
    troubles = {}

    def told_why() -> bool:
        records = daemon.inventory("diagnostic")
        troubles.update({r["key"]: r["message"] for r in records if r["code"] == "probe.failed"})
        return len(troubles) == 2

    wait_until(told_why, daemon.explain)
    assert "it ended, with status 3" in troubles["mcpServers.broken"]
    assert "nobody is known to have approved it" in troubles["mcpServers.of-the-project"]
    rules = {record["rule"] for record in daemon.inventory("finding") if record["state"] == "open"}
    assert {"tool.text_addressed", "tool.text_secrets"} <= rules
    assert "sidenote" not in json.dumps(daemon.inventory("tool") + daemon.inventory("finding"))
    # What was known is there after a restart, and is not asked again so soon.
    at = daemon.inventory("tool")[0]["known_at"]
    daemon.kill()
    daemon.ready()
    time.sleep(3)
    assert [tool["known_at"] for tool in daemon.inventory("tool")] == [at]
    daemon.kill()


def test_a_service_that_can_make_no_sandbox_says_so_once_and_starts_nothing(machine: Machine, tmp_path: Path) -> None:
    script = machine.home / "server.py"
    script.write_text("import pathlib\npathlib.Path('/home/dev/started').touch()\n")
    entry = {"command": "/usr/bin/python3", "args": ["/home/dev/server.py"]}
    prepared(machine, {"one": entry, "two": {**entry, "args": ["/home/dev/server.py", "2"]}})
    signer, policy = Signer(tmp_path / "signer"), machine.folder / "policy.toml"
    policy.write_text(SIGNED)
    Path(f"{policy}.minisig").write_text(signer.sign(SIGNED, 2000))
    daemon = RunningDaemon(machine, f'{QUICK}[policy]\nfile = "{policy}"\npublic_key = "{signer.public_key}"\n')
    # What the packaged unit forbids by RestrictNamespaces is forbidden here by the right that is missing.
    without = ("setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin")
    daemon.rollcall = replace(daemon.rollcall, prefix=(*daemon.rollcall.prefix, *without))
    daemon.ready()
    try:
        told = lambda: [one for one in daemon.inventory("diagnostic") if one["code"].startswith("probe.")]  # noqa: E731 - two uses of one question
        wait_until(told, lambda: str(daemon.inventory("diagnostic")), 60)
        assert [one["code"] for one in told()] == ["probe.no_sandbox"]
        assert "Operation not permitted" in told()[0]["message"]
        assert "can make no sandbox" in daemon.rollcall("doctor").stdout.decode()
        assert not (machine.home / "started").exists()
    finally:
        daemon.stop()
