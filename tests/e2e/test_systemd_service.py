"""The service in a real booted systemd: installed by its script, watched from the outside, delivering over TLS."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator

import pytest

from tests.e2e.booted_debian import Booted, booted_debian
from tests.e2e.installed_service import (
    CREDENTIAL,
    add_person,
    chain,
    configure,
    everything_arrived,
    found,
    give_token,
    head,
    replaced,
    servers,
    show,
    until,
    write_servers,
)
from tests.receivers.running import RunningReceiver

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningReceiver]:
    started = RunningReceiver(tmp_path_factory.mktemp("receiver")).start()
    yield started
    started.kill()


@pytest.fixture(scope="module")
def installed(receiver: RunningReceiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    """A home closed to others, whose owner runs an MCP server; then the install script."""
    with booted_debian(tmp_path_factory.mktemp("booted")) as machine:
        add_person(machine)
        configure(machine, receiver, CREDENTIAL, heartbeat=300)
        give_token(machine, "/etc/credstore/rollcall.token", receiver.token)
        machine.path("/home/dev/server.py").write_text("import sys\nfor line in sys.stdin: pass\n")
        server = "sleep infinity | /usr/bin/python3 /home/dev/server.py"
        machine.run("systemd-run", "--unit=dev-server", "--uid=dev", "sh", "-c", server)
        print(machine.run("sh", "/src/packaging/systemd/install.sh"))
        yield machine


@pytest.fixture
def service(installed: Booted) -> Iterator[Booted]:
    """The installed service, running, whatever the test before did to it; its log is shown where the test fails."""
    installed.run("systemctl", "start", "rollcall.service")
    yield installed
    print(installed.run("journalctl", "--unit=rollcall.service", "--lines=40", "--no-pager"))


def test_it_runs_as_an_account_of_its_own_with_few_capabilities(service: Booted) -> None:
    assert show(service, "ActiveState") == "active"
    status = service.run("cat", f"/proc/{show(service, 'MainPID')}/status")
    assert "0" not in found(r"^Uid:\s+(.*)$", status).split()
    dac_read_search, net_admin, sys_ptrace = 1 << 2, 1 << 12, 1 << 19
    old = tuple(map(int, os.uname().release.split("-")[0].split(".")[:2])) < (6, 6)
    for name in ("CapEff", "CapPrm", "CapBnd"):
        assert int(found(rf"^{name}:\s+(\w+)$", status), 16) == dac_read_search | sys_ptrace | net_admin * old
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
    killed, restarts = show(service, "MainPID"), int(show(service, "NRestarts"))
    write_servers(service, "notes", "while-killed")
    service.run("systemctl", "kill", "--signal=KILL", "rollcall.service")
    until(lambda: replaced(service, killed))
    assert int(show(service, "NRestarts")) == restarts + 1
    until(lambda: "while-killed" in servers(receiver))
    until(lambda: everything_arrived(service, receiver))
    assert "FAILED" not in service.run("/opt/rollcall/bin/rollcall", "audit", "verify")


def test_a_reload_takes_the_new_settings_without_a_new_process(service: Booted, receiver: RunningReceiver) -> None:
    def beats() -> int:
        return sum(json.loads(line)["op"] == "heartbeat" for line in receiver.lines(chain(receiver)))

    before, pid = beats(), show(service, "MainPID")
    give_token(service, "/etc/rollcall/token", receiver.token)
    configure(service, receiver, "/etc/rollcall/token", heartbeat=1)
    service.run("systemctl", "reload", "rollcall.service")
    until(lambda: beats() >= before + 3)
    assert show(service, "MainPID") == pid
    configure(service, receiver, CREDENTIAL, heartbeat=300)
    service.run("systemctl", "reload", "rollcall.service")


def test_the_watchdog_replaces_a_process_that_hangs(service: Booted, receiver: RunningReceiver) -> None:
    drop_in = service.path("/etc/systemd/system/rollcall.service.d/test.conf")
    drop_in.parent.mkdir()
    drop_in.write_text("[Service]\nWatchdogSec=4\nRestartSec=0\n")
    service.run("systemctl", "daemon-reload")
    service.run("systemctl", "restart", "rollcall.service")
    time.sleep(6)
    alive = show(service, "MainPID")
    assert show(service, "NRestarts") == "0", "it keeps the watchdog content"
    service.run("systemctl", "kill", "--signal=STOP", "rollcall.service")
    until(lambda: replaced(service, alive))
    assert "Watchdog timeout" in service.run("journalctl", "--unit=rollcall.service", "--no-pager")
    until(lambda: everything_arrived(service, receiver))
    drop_in.unlink()
    service.run("systemctl", "daemon-reload")


def test_it_stops_cleanly_before_systemd_kills_it(service: Booted) -> None:
    service.run("systemctl", "stop", "rollcall.service")
    assert (show(service, "Result"), show(service, "ExecMainStatus")) == ("success", "0")


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
    assert show(service, "ActiveState") == "active"
    assert service.path("/etc/rollcall/config.toml").read_text() == settings
    assert head(service) >= before
    until(lambda: everything_arrived(service, receiver))


def test_uninstalling_keeps_settings_and_journal_until_purged(service: Booted) -> None:
    service.run("sh", "/src/packaging/systemd/uninstall.sh")
    assert show(service, "LoadState") == "not-found"
    assert not service.path("/opt/rollcall").exists()
    assert service.path("/var/lib/private/rollcall/journal.db").exists()
    service.run("sh", "/src/packaging/systemd/uninstall.sh", "--purge")
    left = service.run("find", "/etc", "/var/lib", "/opt", "/run", "-xdev", "-path", "*rollcall*")
    assert left.split() == ["/etc/credstore/rollcall.token"], "which systemd owns"
