"""The service in a real booted systemd: installed by its script, watched from the outside, delivering over TLS."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.debian_root import ENVIRONMENT, debian, mirrors, skip_unless_possible
from tests.receivers.running import RunningReceiver

pytestmark = pytest.mark.timeout(600)

PACKAGES = ("systemd", "systemd-sysv", "dbus", "python3", "python3-venv", "ca-certificates")
# What a real machine grants to its services, and nspawn only on request.
CAPABILITIES = ("--capability=CAP_NET_ADMIN",)
CREDENTIAL = "/run/credentials/rollcall.service/rollcall.token"
STATE = "/var/lib/rollcall"


@dataclass
class Booted:
    """A Debian machine with systemd as its first process, sharing the network of this one."""

    root: Path
    nspawn: subprocess.Popen[bytes]

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command inside as root; its output, both streams."""
        init = psutil.Process(self.nspawn.pid).children()[0].pid
        enter = ["nsenter", "-t", str(init), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w", "env", "-i"]
        words = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
        done = subprocess.run(
            [*enter, *words, *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=180,
        )  # fmt: skip
        assert done.returncode == 0 or not check, f"{command}: {done.returncode}\n{done.stdout[-4000:]}"
        return done.stdout

    def show(self, what: str) -> str:
        """A property of the service, as systemd sees it."""
        return self.run("systemctl", "show", "--value", f"--property={what}", "rollcall.service").strip()

    def path(self, path: str) -> Path:
        """A path of that machine as seen from here; not for what it mounts, such as /tmp and /run."""
        return self.root / path.lstrip("/")

    def configure(self, receiver: RunningReceiver, token_file: str, heartbeat: int) -> None:
        self.path("/etc/rollcall").mkdir(exist_ok=True)
        shutil.copy(receiver.ca_file, self.path("/etc/rollcall/ca.pem"))
        self.path("/etc/rollcall/config.toml").write_text(
            f'[daemon]\nheartbeat_seconds = {heartbeat}\n[[target]]\nurl = "{receiver.url}"\n'
            f'token_file = "{token_file}"\nca_file = "/etc/rollcall/ca.pem"\nbackoff_cap = 2\n'
        )

    def give_token(self, path: str, token: str) -> None:
        """A file that root alone may read."""
        self.path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path(path).touch(mode=0o600)
        self.path(path).write_text(token + "\n")


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningReceiver]:
    started = RunningReceiver(tmp_path_factory.mktemp("receiver")).start()
    yield started
    started.kill()


@pytest.fixture(scope="module")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    skip_unless_possible("systemd-nspawn", "nsenter")
    root = debian(tmp_path_factory.mktemp("booted") / "root", *PACKAGES)
    mounts = [f"--bind-ro={folder}" for folder in mirrors()]
    command = ["systemd-nspawn", "--quiet", "-D", str(root), "--boot", "--register=no", "--keep-unit"]
    with (root.parent / "console").open("wb") as console:
        nspawn = subprocess.Popen(
            [*command, "--console=pipe", *CAPABILITIES, *mounts],
            stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
        )  # fmt: skip
    machine = Booted(root, nspawn)
    try:
        _wait_for_boot(machine)
        yield machine
    finally:
        if nspawn.poll() is None:
            machine.run("systemctl", "poweroff", check=False)
            nspawn.wait(60)
        shutil.rmtree(root)


def _wait_for_boot(machine: Booted) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if machine.nspawn.poll() is not None:
            pytest.skip(f"systemd-nspawn does not run here: {(machine.root.parent / 'console').read_text()[-500:]}")
        if psutil.Process(machine.nspawn.pid).children():
            state = machine.run("systemctl", "is-system-running", "--wait", check=False).strip()
            if state in ("running", "degraded"):
                return
        time.sleep(0.2)
    pytest.fail(f"did not boot: {(machine.root.parent / 'console').read_text()[-2000:]}")


@pytest.fixture(scope="module")
def installed(booted: Booted, receiver: RunningReceiver) -> Booted:
    """Two people's homes, closed to others, one with a running MCP server; then the install script."""
    for person in ("dev", "ops"):
        booted.run("useradd", "--create-home", person)
        booted.run("chmod", "700", f"/home/{person}")
    booted.run("mkdir", "-p", "/tmp/project")
    booted.path("/home/dev/server.py").write_text("import sys\nfor line in sys.stdin: pass\n")
    write_servers(booted, "notes")
    booted.run("sh", "-c", """echo '{"mcpServers": {"shared": {"command": "shared"}}}' >/tmp/project/.mcp.json""")
    booted.run("chown", "-R", "dev:", "/home/dev", "/tmp/project")
    server = "sleep infinity | /usr/bin/python3 /home/dev/server.py"
    booted.run("systemd-run", "--unit=dev-server", "--uid=dev", "sh", "-c", server)
    booted.configure(receiver, CREDENTIAL, heartbeat=300)
    booted.give_token("/etc/credstore/rollcall.token", receiver.token)
    print(booted.run("sh", "/src/packaging/systemd/install.sh"))
    return booted


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


@pytest.fixture
def service(installed: Booted) -> Iterator[Booted]:
    """The installed service, running, whatever the test before did to it; its log is shown where the test fails."""
    installed.run("systemctl", "start", "rollcall.service")
    yield installed
    print(installed.run("journalctl", "--unit=rollcall.service", "--lines=40", "--no-pager"))


def replaced(machine: Booted, pid: str) -> bool:
    """Whether another process than this one is the service now."""
    return machine.show("ActiveState") == "active" and machine.show("MainPID") not in ("0", pid)


def until(condition: Callable[[], object], seconds: float = 30) -> None:
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


def test_it_runs_as_an_account_of_its_own_with_three_capabilities(service: Booted) -> None:
    assert service.show("ActiveState") == "active"
    status = service.run("cat", f"/proc/{service.show('MainPID')}/status")
    assert "0" not in found(r"^Uid:\s+(.*)$", status).split()
    dac_read_search, net_admin, sys_ptrace = 1 << 2, 1 << 12, 1 << 19
    for name in ("CapEff", "CapPrm", "CapBnd"):
        assert int(found(rf"^{name}:\s+(\w+)$", status), 16) == dac_read_search | net_admin | sys_ptrace
    assert found(r"^NoNewPrivs:\s+(\d)$", status) == "1"
    print(service.run("systemd-analyze", "--no-pager", "security", "rollcall.service").splitlines()[-1])
    print(service.run("/opt/rollcall/bin/rollcall", "status"))


def test_it_delivers_what_only_the_owner_may_read(service: Booted, receiver: RunningReceiver) -> None:
    until(lambda: {"notes", "python", "shared"} <= servers(receiver).keys())
    known = servers(receiver)
    assert {record["owner"] for record in known.values()} == {"dev"}
    assert known["python"]["running"] is True, "joined to a process of another user"
    assert known["shared"]["scope"] == "project", "found in the real /tmp"
    log = service.run("journalctl", "--unit=rollcall.service", "--no-pager")
    assert '"level": "error"' not in log, log[-3000:]


def test_an_edit_arrives(service: Booted, receiver: RunningReceiver) -> None:
    write_servers(service, "notes", "calendar")
    until(lambda: "calendar" in servers(receiver))


def test_nothing_is_lost_over_a_restart(service: Booted, receiver: RunningReceiver) -> None:
    service.run("systemctl", "stop", "rollcall.service")
    write_servers(service, "notes")
    service.run("systemctl", "start", "rollcall.service")
    until(lambda: "calendar" not in servers(receiver))
    until(lambda: everything_arrived(service, receiver))


def test_killed_it_comes_back_by_itself_and_nothing_is_lost(service: Booted, receiver: RunningReceiver) -> None:
    killed, restarts = service.show("MainPID"), int(service.show("NRestarts"))
    write_servers(service, "notes", "while-killed")
    service.run("systemctl", "kill", "--signal=KILL", "rollcall.service")
    until(lambda: replaced(service, killed))
    assert int(service.show("NRestarts")) == restarts + 1
    until(lambda: "while-killed" in servers(receiver))
    until(lambda: everything_arrived(service, receiver))
    assert "is whole" in service.run("/opt/rollcall/bin/rollcall", "audit", "verify")


def test_a_reload_takes_the_new_settings_without_a_new_process(service: Booted, receiver: RunningReceiver) -> None:
    def beats() -> int:
        return sum(json.loads(line)["op"] == "heartbeat" for line in receiver.lines(chain(receiver)))

    before, pid = beats(), service.show("MainPID")
    service.give_token("/etc/rollcall/token", receiver.token)
    service.configure(receiver, "/etc/rollcall/token", heartbeat=1)
    service.run("systemctl", "reload", "rollcall.service")
    until(lambda: beats() >= before + 3)
    assert service.show("MainPID") == pid
    service.configure(receiver, CREDENTIAL, heartbeat=300)
    service.run("systemctl", "reload", "rollcall.service")


def test_the_watchdog_replaces_a_process_that_hangs(service: Booted, receiver: RunningReceiver) -> None:
    drop_in = service.path("/etc/systemd/system/rollcall.service.d/test.conf")
    drop_in.parent.mkdir()
    drop_in.write_text("[Service]\nWatchdogSec=4\nRestartSec=0\n")
    service.run("systemctl", "daemon-reload")
    service.run("systemctl", "restart", "rollcall.service")
    time.sleep(6)
    alive = service.show("MainPID")
    assert service.show("NRestarts") == "0", "it keeps the watchdog content"
    service.run("systemctl", "kill", "--signal=STOP", "rollcall.service")
    until(lambda: replaced(service, alive))
    assert "Watchdog timeout" in service.run("journalctl", "--unit=rollcall.service", "--no-pager")
    until(lambda: everything_arrived(service, receiver))
    drop_in.unlink()
    service.run("systemctl", "daemon-reload")


def test_it_stops_cleanly_within_five_seconds(service: Booted) -> None:
    start = time.monotonic()
    service.run("systemctl", "stop", "rollcall.service")
    assert time.monotonic() - start < 5
    assert (service.show("Result"), service.show("ExecMainStatus")) == ("success", "0")


def test_root_may_look_at_the_state_while_it_is_stopped(service: Booted, receiver: RunningReceiver) -> None:
    service.run("systemctl", "stop", "rollcall.service")
    assert "not running" in service.run("/opt/rollcall/bin/rollcall", "status", check=False)
    service.run("/opt/rollcall/bin/rollcall", "audit", "verify")
    service.run("systemctl", "start", "rollcall.service")
    write_servers(service, "after-the-look")
    until(lambda: "after-the-look" in servers(receiver))


def test_installing_again_updates_and_keeps_settings_and_journal(service: Booted, receiver: RunningReceiver) -> None:
    before, settings = head(service), service.path("/etc/rollcall/config.toml").read_text()
    service.run("sh", "/src/packaging/systemd/install.sh")
    assert service.show("ActiveState") == "active"
    assert service.path("/etc/rollcall/config.toml").read_text() == settings
    assert head(service) >= before
    until(lambda: everything_arrived(service, receiver))


def test_uninstalling_keeps_settings_and_journal_until_purged(service: Booted) -> None:
    service.run("sh", "/src/packaging/systemd/uninstall.sh")
    assert service.show("LoadState") == "not-found"
    assert not service.path("/opt/rollcall").exists()
    assert service.path("/var/lib/private/rollcall/journal.db").exists()
    service.run("sh", "/src/packaging/systemd/uninstall.sh", "--purge")
    left = service.run("find", "/etc", "/var/lib", "/opt", "/run", "-xdev", "-path", "*rollcall*")
    assert left.split() == ["/etc/credstore/rollcall.token"], "which systemd owns"
