"""The service on a booted machine: set up, edited around, and compared with what its receiver holds."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable
from typing import Any

from tests.e2e.booted_debian import Booted
from tests.receivers.running import RunningReceiver

CREDENTIAL = "/run/credentials/rollcall.service/rollcall.token"


def add_person(machine: Booted) -> None:
    """A home closed to others, and a project in /tmp."""
    machine.run("useradd", "--create-home", "dev")
    machine.run("chmod", "700", "/home/dev")
    machine.run("mkdir", "/tmp/project")
    project = '{"mcpServers": {"shared": {"command": "shared"}}}'
    machine.run("sh", "-c", f"echo '{project}' >/tmp/project/.mcp.json")
    write_servers(machine, "notes")


def configure(machine: Booted, receiver: RunningReceiver, token_file: str, heartbeat: int) -> None:
    machine.path("/etc/rollcall").mkdir(exist_ok=True)
    shutil.copy(receiver.ca_file, machine.path("/etc/rollcall/ca.pem"))
    machine.path("/etc/rollcall/config.toml").write_text(
        f'[daemon]\nheartbeat_seconds = {heartbeat}\n[[target]]\nurl = "{receiver.url}"\n'
        f'token_file = "{token_file}"\nca_file = "/etc/rollcall/ca.pem"\nbackoff_cap = 2\n'
    )


def give_token(machine: Booted, path: str, token: str) -> None:
    """A file that root alone may read."""
    machine.path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    machine.path(path).touch(mode=0o600)
    machine.path(path).write_text(token + "\n")


def write_servers(machine: Booted, *names: str) -> None:
    """Dev's client configuration; `python` is the server that runs."""
    servers: dict[str, Any] = {name: {"command": "npx", "args": [f"@example/{name}@1.0.0"]} for name in names}
    servers["python"] = {"command": "/usr/bin/python3", "args": ["/home/dev/server.py"]}
    settings = {"mcpServers": servers, "projects": {"/tmp/project": {}}}
    new = machine.path("/home/dev/.claude.json.new")
    new.write_text(json.dumps(settings))
    new.chmod(0o600)
    machine.run("chown", "dev:", "/home/dev/.claude.json.new")
    new.rename(machine.path("/home/dev/.claude.json"))


def show(machine: Booted, what: str) -> str:
    """A property of the service, as systemd sees it."""
    return machine.run("systemctl", "show", "--value", f"--property={what}", "rollcall.service").strip()


def replaced(machine: Booted, pid: str) -> bool:
    """Whether another process than this one is the service now."""
    return show(machine, "ActiveState") == "active" and show(machine, "MainPID") not in ("0", pid)


def until(condition: Callable[[], object], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)


def servers(receiver: RunningReceiver) -> dict[str, dict[str, Any]]:
    return {record["name"]: record for record in receiver.get("/v1/servers")}


def found(pattern: str, text: str) -> str:
    """The first group of a pattern that the text must hold."""
    match = re.search(pattern, text, re.MULTILINE)
    assert match, f"no {pattern} in: {text}"
    return match[1]


def head(machine: Booted) -> int:
    """Number of entries in the journal."""
    return int(found(r"journal: (\d+) entries", machine.run("/opt/rollcall/bin/rollcall", "status")))


def chain(receiver: RunningReceiver) -> str:
    (endpoint,) = receiver.get("/v1/endpoints")
    return str(endpoint["chain"])


def everything_arrived(machine: Booted, receiver: RunningReceiver) -> bool:
    """The receiver has exactly the journal: each entry, once, in order."""
    numbers = [json.loads(line)["seq"] for line in receiver.lines(chain(receiver))]
    return numbers == list(range(1, head(machine) + 1))
