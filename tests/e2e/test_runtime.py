"""Real processes as the daemon sees them: short lives, storms, trees, other users, namespaces, shadows.

Process events exist in the first namespaces only, so those tests run on this machine itself and look only for what they
started; all others run on a small machine of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from collectors.sources.process.events import ProcessEvents, UnsupportedError
from tests.e2e.running_daemon import RunningDaemon, wait_until

if TYPE_CHECKING:
    from conftest import Daemon, Machine, Rollcall

Record = dict[str, Any]
UID = 54321
PYTHON = "/usr/bin/python3"
FILES = "npm:@modelcontextprotocol/server-filesystem"


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs that do nothing but live, under the names of agents, servers and neither."""
    folder = tmp_path_factory.mktemp("programs")
    for name in ("quick-mcp-server", "other-mcp-server", "notes-server", "codex", "opencode"):
        shutil.copy("/bin/sleep", folder / name)
    return folder


@pytest.fixture
def events() -> None:
    try:
        ProcessEvents(lambda event: None, lambda: None).close()
    except UnsupportedError as reason:
        pytest.skip(f"no process events: {reason}")


@pytest.fixture
def listening(rollcall: Rollcall, events: None, as_root: None) -> Iterator[Daemon]:
    daemon = rollcall.daemon()
    yield daemon
    daemon.process.terminate()
    daemon.process.wait(60)


def instances(entries: list[Record], op: str = "discovered") -> list[Record]:
    return [e["record"] for e in entries if e["op"] == op and e["record"]["kind"] == "instance"]


# What is too short for any sweep.


def program_of(programs: Path, life: str) -> Path:
    """A program of one life's own: one that is started again and again is put together, see `agent.inventory.pace`."""
    program = programs / f"quick-mcp-server-{life.replace('.', '')}"
    if not program.exists():
        os.link(programs / "quick-mcp-server", program)
    return program


def test_500_of_500_servers_that_live_50_ms_come_and_go_each_once(listening: Daemon, programs: Path) -> None:
    def missed(attempt: int) -> set[str]:
        lives = {f"0.05{attempt}{number:03d}" for number in range(500)}
        for life in sorted(lives):
            subprocess.run([program_of(programs, life), life], check=True)
        subprocess.run([programs / "other-mcp-server", f"0.05{attempt}999"], check=True)
        last = f"0.05{attempt}999"
        entries = listening.wait_for(lambda entries: any(last in r["args"] for r in instances(entries, "removed")), 90)
        told = {op: {a for r in instances(entries, op) for a in r["args"]} for op in ("discovered", "removed")}
        pids = [r["pid"] for r in instances(entries) if set(r["args"]) & lives]
        assert len(pids) == len(told["discovered"] & lives), "each one once"
        assert told["discovered"] & lives == told["removed"] & lives
        return lives - told["discovered"]

    # A machine that gives the daemon no time for 50 ms hides one from anybody; it does not do so every time.
    assert any(not missed(attempt) for attempt in range(3))


def test_a_short_life_is_told_while_another_process_gives_itself_the_name_of_an_agent(
    listening: Daemon, programs: Path
) -> None:
    liar = subprocess.Popen(["opencode", "77.7"], executable="/bin/sleep")
    listening.wait_for(lambda entries: any((e["record"] or {}).get("agent") == "opencode" for e in entries))
    subprocess.run([programs / "quick-mcp-server", "0.3"], check=True)
    entries = listening.wait_for(lambda entries: any(r["args"] == ["0.3"] for r in instances(entries, "removed")))
    liar.kill()
    liar.wait()
    assert not [e for e in entries if (e["record"] or {}).get("code") == "collector.failed"]


def test_a_fork_storm_hides_no_server(listening: Daemon, programs: Path) -> None:
    lives = [f"0.5{number:04d}" for number in range(0, 2000, 200)]
    running = []
    for number in range(2000):
        life = f"0.5{number:04d}"
        words = [str(program_of(programs, life)), life] if life in lives else ["/bin/true"]
        running.append(os.posix_spawn(words[0], words, os.environ))
        if len(running) > 40:
            os.waitpid(running.pop(0), 0)
    for pid in running:
        os.waitpid(pid, 0)
    # What it costs is a matter of the benchmark, beside a reference.
    listening.wait_for(lambda entries: set(lives) <= {a for r in instances(entries) for a in r["args"]})


# Trees.


@pytest.fixture
def daemon(machine: Machine) -> RunningDaemon:
    running = RunningDaemon(machine)
    running.home.joinpath(".claude.json").write_text(json.dumps({"mcpServers": {}}))
    return running


def define(daemon: RunningDaemon, **servers: list[str]) -> None:
    """Servers of the user's Codex; it is read when the daemon starts."""
    lines = [
        f"[mcp_servers.{name}]\ncommand = {json.dumps(words[0])}\nargs = {json.dumps(words[1:])}\n"
        for name, words in servers.items()
    ]
    folder = daemon.home / ".codex"
    folder.mkdir(exist_ok=True)
    folder.joinpath("config.toml").write_text("".join(lines))
    for path in (folder, folder / "config.toml"):
        os.chown(path, UID, UID)


def install(daemon: RunningDaemon, programs: Path, **scripts: str) -> None:
    """Programs and shell scripts in the user's `bin`."""
    folder = daemon.home / "bin"
    shutil.copytree(programs, folder, dirs_exist_ok=True)
    for name, text in scripts.items():
        (folder / name.replace("_", "-")).write_text(text)
    for path in folder.iterdir():
        path.chmod(0o755)
    folder.chmod(0o755)


def told(
    daemon: RunningDaemon, condition: Callable[[dict[str, Record]], object], seconds: float = 40
) -> dict[str, Record]:
    """The instances by their name, as soon as they fulfil a condition."""

    def now() -> dict[str, Record]:
        return {record["name"]: record for record in daemon.inventory("instance")}

    wait_until(lambda: condition(now()), lambda: f"{daemon.explain()}\n{json.dumps(now(), indent=1)}", seconds)
    return now()


NPX = """#!/usr/bin/node
const { spawn } = require("child_process");
process.title = "npm exec " + process.argv.slice(3).join(" ");
const server = "/home/dev/node_modules/@modelcontextprotocol/server-filesystem/index.js";
const shell = spawn("sh", ["-c", `node ${server} /data; true`]);
shell.on("exit", () => process.exit());
"""


def test_what_npx_sh_and_node_make_of_one_server_is_one_instance(
    machine: Machine, daemon: RunningDaemon, programs: Path
) -> None:
    if shutil.which("node") is None:
        pytest.skip("needs node")
    script = daemon.home / "node_modules/@modelcontextprotocol/server-filesystem/index.js"
    script.parent.mkdir(parents=True)
    script.write_text("setInterval(() => {}, 1000)")
    install(daemon, programs, npx=NPX)
    define(
        daemon,
        files=["npx", "-y", "@modelcontextprotocol/server-filesystem", "/data"],
        never=["npx", "-y", "never-mcp"],
    )
    machine.start({}, "node", "/home/dev/bin/npx", "-y", "@modelcontextprotocol/server-filesystem", "/data")
    daemon.ready()
    found = told(daemon, lambda found: "files" in found and len(found["files"]["pids"]) == 2)
    assert len(daemon.inventory("instance")) == 1
    assert found["files"]["package"] == FILES
    assert found["files"]["pid"] == min(found["files"]["pids"])
    servers = daemon.servers()
    assert found["files"]["server_ids"] == [servers["files"]["id"]]
    assert (servers["files"]["running"], servers["never"]["running"]) == (True, False)
    assert daemon.stop() == 0


def test_an_agent_its_two_servers_its_flags_and_its_children(
    machine: Machine, daemon: RunningDaemon, programs: Path
) -> None:
    # The agent is a copy of the shell, so that it really starts its servers.
    install(daemon, programs)
    shutil.copy("/bin/bash", daemon.home / "bin/codex")
    define(daemon, notes=["/home/dev/bin/notes-server", "1000"], idle=["/home/dev/bin/notes-server", "2000"])
    project = daemon.home / "src/shop"
    (project / ".git").mkdir(parents=True)
    script = (
        "/home/dev/bin/notes-server 1000 & /home/dev/bin/quick-mcp-server 3000 & "
        "while [ ! -e /home/dev/more ]; do sleep 0.1; done; "
        "for i in 1 2 3 4 5; do /bin/sleep 5000 & done; wait"
    )
    machine.start(
        {}, "/home/dev/bin/codex", "-c", script, "--yolo", "--sandbox", "danger-full-access", cwd="/home/dev/src/shop"
    )
    daemon.ready()
    found = told(daemon, lambda found: len(found) == 3)
    codex, notes, shadow = found["codex"], found["notes"], found["quick-mcp-server"]
    assert codex["subject"] == "agent"
    assert codex["bypass_flags"] == ["--sandbox danger-full-access", "--yolo"]
    assert codex["project"] == "/home/dev/src/shop"
    assert (codex["owner"], codex["uid"], codex["euid"]) == ("dev", UID, UID)
    assert notes["parent_id"] == shadow["parent_id"] == codex["id"]
    assert (notes["agent"], shadow["agent"]) == ("codex", "codex")
    assert shadow["server_ids"] == [], "nobody declares it"
    assert daemon.servers()["notes"]["running"] and not daemon.servers()["idle"]["running"]
    (daemon.home / "more").touch()
    told(daemon, lambda found: any(c["program"] == "sleep" and c["at_least"] >= 4 for c in found["codex"]["children"]))
    machine.run({}, "kill", "-9", str(codex["pid"]))
    orphans = told(daemon, lambda found: "codex" not in found)
    assert {"notes", "quick-mcp-server"} <= orphans.keys(), "they run on without their agent"
    assert {orphans["notes"]["id"], orphans["quick-mcp-server"]["id"]} == {notes["id"], shadow["id"]}
    assert daemon.stop() == 0


def test_a_server_that_runs_as_someone_else_is_told_with_that_account_and_its_agent(
    machine: Machine, daemon: RunningDaemon, programs: Path
) -> None:
    install(daemon, programs)
    shutil.copy("/bin/bash", daemon.home / "bin/codex")
    accounts = machine.folder / "passwd"
    accounts.write_text(accounts.read_text() + "svc:x:54322:54322::/nonexistent:/bin/sh\n")
    words = ["setpriv", "--reuid=54322", "--regid=54322", "--clear-groups", "/home/dev/bin/quick-mcp-server", "1000"]
    command = [
        *machine.enter[:-1],
        "--wdns=/home/dev",
        "/home/dev/bin/codex",
        "-c",
        f"{' '.join(words)} & wait",
        "--yolo",
    ]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    machine.started.append(process)
    daemon.ready()
    found = told(daemon, lambda found: len(found) == 2)
    server, agent = found["quick-mcp-server"], found["codex"]
    assert (server["owner"], server["uid"], server["euid"]) == ("svc", 54322, 54322)
    assert (agent["owner"], agent["uid"]) == ("root", 0)
    assert server["parent_id"] == agent["id"]
    assert daemon.stop() == 0


def test_a_server_in_a_namespace_of_its_own_is_told_with_it(
    machine: Machine, daemon: RunningDaemon, programs: Path
) -> None:
    install(daemon, programs)
    inside = ["unshare", "--pid", "--mount-proc", "--fork", "--kill-child", "/home/dev/bin/quick-mcp-server", "1000"]
    machine.started.append(subprocess.Popen([*machine.enter, *inside], stdin=subprocess.DEVNULL))
    machine.start({}, "/home/dev/bin/other-mcp-server", "1000")
    daemon.ready()
    found = told(daemon, lambda found: len(found) == 2)
    assert found["quick-mcp-server"]["container"].startswith("pid-namespace:")
    assert found["other-mcp-server"]["container"] is None
    assert daemon.stop() == 0


_LISTEN = """
import socket, sys, time
s = socket.socket(); s.bind((sys.argv[1], int(sys.argv[2]))); s.listen(); time.sleep(1000)
"""


def test_the_sockets_of_a_server_in_another_network_are_its_own(
    machine: Machine, daemon: RunningDaemon, programs: Path
) -> None:
    name = f"rollcall-{os.getpid()}"
    usable = shutil.which("ip") and Path(PYTHON).exists()
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True) if usable else None
    if made is None or made.returncode:
        pytest.skip("may not make network namespaces here")
    try:
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        folder = daemon.home / "venv/lib/python3/site-packages/mcp_server_listen"
        folder.mkdir(parents=True)
        (folder / "__main__.py").write_text(_LISTEN)
        script = "/home/dev/venv/lib/python3/site-packages/mcp_server_listen/__main__.py"
        outside = machine.start({}, PYTHON, script, "127.0.0.1", "18931")
        inner = subprocess.Popen(
            ["ip", "netns", "exec", name, *machine.enter, PYTHON, script, "0.0.0.0", "18932"],
            stdin=subprocess.DEVNULL,
        )
        machine.started.append(inner)
        daemon.ready()

        def edges() -> dict[str, str]:
            owner = {record["id"]: record["owner"] for record in daemon.inventory("instance")}
            found = [c for c in daemon.inventory("connection") if c["relation"] == "listening"]
            return {c["local"]: owner[c["from_id"]] for c in found}

        wanted = {"127.0.0.1:18931": "dev", "0.0.0.0:18932": "root"}
        wait_until(lambda: edges() == wanted, lambda: f"{daemon.explain()} {edges()}")
        assert outside.poll() is None
        assert daemon.stop() == 0
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False)


def test_a_process_that_gives_itself_the_name_of_an_agent_is_a_diagnostic_and_no_agent(
    machine: Machine, daemon: RunningDaemon
) -> None:
    machine.start({}, "bash", "-c", "exec -a opencode sleep 1000")
    daemon.ready()
    wait_until(
        lambda: [d for d in daemon.inventory("diagnostic") if d["code"] == "process.title_disagrees"], daemon.explain
    )
    (diagnostic,) = [d for d in daemon.inventory("diagnostic") if d["code"] == "process.title_disagrees"]
    assert (diagnostic["agent"], diagnostic["path"]) == ("opencode", os.path.realpath("/bin/sleep"))
    assert daemon.inventory("instance") == []
    assert daemon.stop() == 0


def test_a_server_that_writes_a_title_over_its_arguments_stays_what_it_was(
    machine: Machine, daemon: RunningDaemon
) -> None:
    if shutil.which("node") is None:
        pytest.skip("needs node")
    script = daemon.home / "node_modules/notes-mcp/index.js"
    script.parent.mkdir(parents=True)
    script.write_text('setTimeout(() => { process.title = "notes" }, 1500); setInterval(() => {}, 1000)')
    daemon.ready()
    process = machine.start({}, "node", "/home/dev/node_modules/notes-mcp/index.js", "--flag")
    found = told(daemon, lambda found: found)
    time.sleep(2.5)
    assert [r["id"] for r in daemon.inventory("instance")] == [r["id"] for r in found.values()]
    assert daemon.inventory("instance")[0]["package"] == "npm:notes-mcp"
    process.kill()
    assert daemon.stop() == 0
