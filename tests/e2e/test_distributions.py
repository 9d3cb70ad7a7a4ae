"""The package where it was not built: newer and older systems, without Python, booted.

`ROLLCALL_DISTRIBUTIONS` names others, such as "bullseye focal jammy noble"; each takes a minute to make the first time.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator

import pytest

from tests.e2e.booted_debian import Booted, booted_debian
from tests.e2e.built_package import VERSION, architecture, built
from tests.e2e.debian_root import System
from tests.e2e.installed_service import add_person, found, show, until

pytestmark = pytest.mark.timeout(900)

PACKAGES = ("systemd", "systemd-sysv", "dbus")
DEBIAN = ("bullseye", "trixie")
UBUNTU = "http://archive.ubuntu.com/ubuntu"


def systems() -> list[System]:
    named = os.environ.get("ROLLCALL_DISTRIBUTIONS", "trixie").split()
    return [System(name) if name in DEBIAN else System(name, UBUNTU, unsigned=True) for name in named]


@pytest.fixture(scope="module", params=systems(), ids=lambda system: system.suite)
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    packages, folder = built(tmp_path_factory), tmp_path_factory.mktemp("booted")
    with booted_debian(folder, packages=PACKAGES, system=request.param) as booted:
        shutil.copytree(packages, booted.path("/packages"))
        add_person(booted)
        yield booted
        print(booted.run("journalctl", "--unit=rollcall.service", "--lines=40", "--no-pager"))


def known(machine: Booted) -> set[str]:
    """Names of the servers in the daemon's inventory."""
    listed = json.loads(machine.run("rollcall", "list", "servers", "--format", "json"))
    return {server["name"] for server in listed}


def test_it_runs_and_sees_what_only_the_owner_may_read(machine: Booted) -> None:
    assert "No such file" in machine.run("ls", "/usr/bin/python3", check=False)
    print(machine.run("cat", "/etc/os-release"), machine.run("systemctl", "--version"))
    machine.run("dpkg", "--install", f"/packages/rollcall_{VERSION}_{architecture()}.deb")
    print(machine.run("ls", "-l", "/opt/rollcall/lib/loader", "/opt/rollcall/lib/libc"))
    until(lambda: show(machine, "ActiveState") == "active", 90)
    until(lambda: {"notes", "shared"} <= known(machine))
    once = json.loads(machine.run("rollcall", "--once", "--format", "json", check=False))
    assert {"notes", "shared"} <= {record["name"] for record in once if record["kind"] == "mcp_server"}
    answers = {one["about"]: one for one in json.loads(machine.run("rollcall", "doctor", "--json", check=False))}
    assert answers["rights"]["level"] == answers["daemon"]["level"] == answers["database"]["level"] == "ok", answers
    log = machine.run("journalctl", "--unit=rollcall.service", "--no-pager")
    assert '"level": "error"' not in log, log[-3000:]
    assert found(r"rollcall (\S+): running, well", machine.run("runuser", "-u", "dev", "--", "rollcall", "status"))


def test_it_goes_without_a_trace(machine: Booted) -> None:
    machine.run("dpkg", "--purge", "rollcall")
    left = machine.run("find", "/etc", "/var/lib", "/opt", "/usr", "-xdev", "-path", "*rollcall*")
    assert left.split() == []
