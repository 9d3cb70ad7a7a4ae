"""A FUSE mount that nobody answers for, with links, projects and processes that lead into it: nothing waits for it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.running_daemon import RunningDaemon, wait_until
from tests.platform.test_network_homes import DEAD

if TYPE_CHECKING:
    from conftest import Machine

SECONDS = 60


def mcp(*names: str, **more: object) -> str:
    return json.dumps({"mcpServers": {name: {"command": name} for name in names}, **more})


def mount_dead(machine: Machine) -> None:
    """Nobody will ever answer for `~/dead`."""
    (machine.home / "dead").mkdir(exist_ok=True)
    (machine.folder / "dead.py").write_text(DEAD)
    words = [sys.executable, str(machine.folder / "dead.py"), "/home/dev/dead", shutil.which("sleep") or "", "1000"]
    process = subprocess_in(machine, *words)
    table = Path(f"/proc/{machine.init}/mountinfo")
    wait_until(lambda: process.poll() is not None or " /home/dev/dead " in table.read_text())
    if process.poll() is not None:
        pytest.skip("cannot mount FUSE here")


def subprocess_in(machine: Machine, *words: str) -> subprocess.Popen[bytes]:
    """A process of root on the machine."""
    process = subprocess.Popen([*machine.enter, *words], stdin=subprocess.DEVNULL)
    machine.started.append(process)
    return process


def lead_into_it(home: Path) -> None:
    """A linked file, a linked folder, a project and a program, none of which can be looked at."""
    (home / ".cursor").mkdir(exist_ok=True)
    (home / ".cursor/mcp.json").unlink(missing_ok=True)
    (home / ".cursor/mcp.json").symlink_to("/home/dev/dead/mcp.json")
    (home / ".codex").symlink_to("dead/codex")
    far = {"command": "/home/dev/dead/serve.py", "args": ["/home/dev/dead/x.js"]}
    projects: dict[str, object] = {"/home/dev/dead/project": {}}
    (home / ".claude.json").write_text(json.dumps({"mcpServers": {"first": far}, "projects": projects}))


def run_from_it(machine: Machine) -> None:
    """One process that waits for its script, and one that only says that it came from there."""
    machine.start({}, "/usr/bin/python3", "/home/dev/dead/serve.py")
    machine.start({}, "/bin/bash", "-c", "exec -a /home/dev/dead/claude sleep 1000")


def refused(records: list[dict[str, Any]]) -> set[str]:
    return {r["path"] for r in records if r["kind"] == "diagnostic" and r["code"] == "file.remote"}


@pytest.fixture
def waiting(machine: Machine) -> Iterator[Machine]:
    mount_dead(machine)
    lead_into_it(machine.home)
    run_from_it(machine)
    yield machine


def test_one_look_ends_says_what_it_left_out_and_tells_the_rest(waiting: Machine) -> None:
    outcome = RunningDaemon(waiting).rollcall.once(timeout=SECONDS)
    assert [server["name"] for server in outcome.of("mcp_server")] == ["first"]
    assert {"/home/dev/.cursor/mcp.json", "/home/dev/dead/project"} <= refused(outcome.records)
    assert any(path.startswith("/home/dev/.codex") for path in refused(outcome.records))


def test_an_agent_at_work_where_the_server_hangs_is_told(machine: Machine) -> None:
    if not shutil.which("bindfs"):
        pytest.skip("needs bindfs")
    (machine.home / "far").mkdir()
    (machine.home / "mnt").mkdir()
    server = subprocess_in(machine, "bindfs", "-f", "/home/dev/far", "/home/dev/mnt")
    wait_until(lambda: " /home/dev/mnt " in Path(f"/proc/{machine.init}/mountinfo").read_text())
    shutil.copy2(shutil.which("sleep") or "", machine.home / "opencode")
    machine.start({}, "/home/dev/opencode", "1000", cwd="/home/dev/mnt")
    work = Path(f"/proc/{machine.init}/root/proc")
    wait_until(lambda: any(_works_in(process, "/home/dev/mnt") for process in work.glob("[0-9]*")))
    os.kill(int(Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text()), signal.SIGSTOP)
    try:
        outcome = RunningDaemon(machine).rollcall.once(timeout=SECONDS)
    finally:
        server.kill()  # it has stopped with its child, and would never end
    (instance,) = outcome.of("instance")
    assert instance["cwd"] == "/home/dev/mnt"
    assert "/home/dev/mnt" in refused(outcome.records)


def _works_in(process: Path, folder: str) -> bool:
    try:
        return os.readlink(process / "cwd") == folder and process.joinpath("comm").read_text() == "opencode\n"
    except OSError:
        return False


def test_the_daemon_starts_follows_the_rest_and_stops(waiting: Machine) -> None:
    daemon = RunningDaemon(waiting).ready()
    (daemon.home / ".claude.json").write_text(mcp("second"))
    daemon.sees(lambda found: set(found) == {"second"})
    assert "/home/dev/.cursor/mcp.json" in refused(daemon.inventory("diagnostic"))
    assert daemon.stop() == 0


def test_what_comes_to_lead_into_a_dead_mount_while_the_daemon_runs_stops_nothing(machine: Machine) -> None:
    daemon = RunningDaemon(machine)
    (daemon.home / ".cursor").mkdir()
    (daemon.home / ".cursor/mcp.json").write_text(mcp("before"))
    (daemon.home / ".claude.json").write_text(mcp("first"))
    daemon.ready()
    mount_dead(machine)
    lead_into_it(daemon.home)  # at once: the mount table must be known as it is, not as it was seconds ago
    run_from_it(machine)
    wait_until(lambda: "/home/dev/.cursor/mcp.json" in refused(daemon.inventory("diagnostic")), daemon.explain, SECONDS)
    (daemon.home / ".claude.json").write_text(mcp("second"))
    # What the linked file said before is unknown now, and stands.
    daemon.sees(lambda found: set(found) == {"before", "second"})
    assert daemon.stop() == 0
