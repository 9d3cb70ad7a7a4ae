"""The packages on a machine without Python: installed, delivering, killed, upgraded, refused, removed."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.booted_debian import Booted, booted_debian
from tests.e2e.built_package import architecture, build, built
from tests.e2e.installed_service import (
    add_person,
    chain,
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
from tests.governance.policy.minisign_keys import Signer
from tests.receivers.running import RunningReceiver

pytestmark = pytest.mark.timeout(600)

SECRET = "the-secret-of-the-whole-fleet"
STATE = "/var/lib/private/rollcall"


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory)


@pytest.fixture(scope="module")
def new(old: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("new"), "deb", "0.9.1")


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningReceiver]:
    started = RunningReceiver(tmp_path_factory.mktemp("receiver"), enroll_secret=SECRET).start()
    yield started
    started.kill()


@pytest.fixture(scope="module")
def machine(old: Path, receiver: RunningReceiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    with booted_debian(tmp_path_factory.mktemp("booted"), without_python) as booted:
        shutil.copytree(old, booted.path("/packages"))
        add_person(booted)
        manage(booted, receiver)
        yield booted
        print(booted.run("journalctl", "--unit=rollcall.service", "--lines=40", "--no-pager"))


def manage(machine: Booted, receiver: RunningReceiver) -> None:
    """What an MDM puts there before the package: where to enroll and deliver, and the fleet's secret."""
    machine.path("/etc/rollcall").mkdir()
    shutil.copy(receiver.ca_file, machine.path("/etc/rollcall/ca.pem"))
    machine.path("/etc/rollcall/managed.toml").write_text(
        f'[[target]]\nurl = "{receiver.url}"\nenroll_url = "{receiver.url.replace("batches", "enroll")}"\n'
        'enroll_secret_file = "/run/credentials/rollcall.service/rollcall.enroll-secret"\n'
        'ca_file = "/etc/rollcall/ca.pem"\nbackoff_cap = 2\n'
    )
    give_token(machine, "/etc/credstore/rollcall.enroll-secret", SECRET)


def without_python(root: Path) -> None:
    listed = ["chroot", str(root), "dpkg-query", "--show", "--showformat=${Package}\n", "*python3*"]
    names = subprocess.run(listed, capture_output=True, text=True).stdout.split()
    purge = ["chroot", str(root), "dpkg", "--purge", "--force-all", *names]
    subprocess.run(purge, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    shutil.rmtree(root / "src")


def rollcall(machine: Booted, *arguments: str, check: bool = True) -> str:
    return machine.run("/usr/bin/rollcall", *arguments, check=check)


def install(machine: Booted, version: str, check: bool = True) -> str:
    return machine.run("dpkg", "--install", f"/packages/rollcall_{version}_{architecture()}.deb", check=check)


def as_nobody(machine: Booted) -> str:
    return machine.run("runuser", "--user", "dev", "--", "/usr/bin/rollcall", "status", check=False)


def test_two_builds_differ_in_nothing_but_their_version(old: Path, new: Path, tmp_path: Path) -> None:
    """Each file, compiled ones and the patched interpreter among them; times, modes and owners too."""
    contents = []
    for folder in (old, new):
        (package,) = folder.glob("*.deb")
        unpacked = tmp_path / folder.name
        subprocess.run(["dpkg-deb", "--extract", package, unpacked], check=True)
        listed = subprocess.run(["dpkg-deb", "--contents", package], check=True, capture_output=True, text=True).stdout
        contents.append(
            (dict(digests(unpacked)), [line.split()[:2] + line.split()[3:] for line in listed.splitlines()])
        )
    (first, first_list), (second, second_list) = contents
    told = {"/__init__.py", "/__init__.cpython-311.opt-2.pyc", "METADATA", "rollcall.cdx.json", "rollcall.1"}
    changed = {path for path in first if first[path] != second.get(path.replace("0.9.0", "0.9.1"))}
    assert {path for path in changed if not path.endswith(tuple(told))} == set()
    assert all("agent" in path or "rollcall" in path for path in changed)
    assert [str(line).replace("0.9.0", "0.9.1") for line in first_list] == [str(line) for line in second_list]


def digests(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield str(path.relative_to(folder)), hashlib.sha256(path.read_bytes()).hexdigest()


def test_it_brings_all_it_needs_and_the_list_of_it(machine: Booted) -> None:
    assert machine.run("sh", "-c", "ls /usr/bin/python3* /usr/lib/python3*", check=False).count("cannot access") == 2
    print(install(machine, "0.9.0"))
    assert rollcall(machine, "--version") == "rollcall 0.9.0\n"
    tree = machine.path("/opt/rollcall")
    size = sum(path.lstat().st_size for path in tree.rglob("*"))
    assert size < 80_000_000
    bill = json.loads((tree / "share/rollcall.cdx.json").read_text())
    names = {component["name"] for component in bill["components"]}
    assert {"python3.11-minimal", "libssl3", "libc6", "httpx", "pydantic-core", "psutil"} <= names
    assert bill["metadata"]["component"]["version"] == "0.9.0"
    for component in bill["components"]:
        if component["purl"].startswith("pkg:deb/"):
            assert (tree / "share/licenses" / component["name"]).resolve().read_text().strip()


def test_it_enrolls_and_delivers_what_only_the_owner_may_read(machine: Booted, receiver: RunningReceiver) -> None:
    until(lambda: show(machine, "ActiveState") == "active", 60)
    score = machine.run("systemd-analyze", "--no-pager", "security", "rollcall.service").splitlines()[-1]
    assert float(found(r"rollcall.service: ([0-9.]+)", score)) <= 2.0, score
    until(lambda: {"notes", "shared"} <= servers(receiver).keys())
    until(lambda: everything_arrived(machine, receiver))
    answers = {one["about"]: one for one in json.loads(rollcall(machine, "doctor", "--format", "json", check=False))}
    assert answers["rights"]["level"] == answers["daemon"]["level"] == answers["target central"]["level"] == "ok"
    assert SECRET not in rollcall(machine, "support-bundle")
    assert answers["delivery to central"]["level"] == answers["key"]["level"] == "ok", answers


POLICY = """version = "1"
[[server]]
command = "/opt/rollcall/bin/python"
[probe]
servers = ["/opt/rollcall/bin/python"]
"""


def test_a_program_that_a_signed_policy_names_is_asked_in_a_sandbox_of_another_service(
    machine: Booted, receiver: RunningReceiver, tmp_path: Path
) -> None:
    """Its own service may make no namespaces, and still may not."""
    signer, managed = Signer(tmp_path / "signer"), machine.path("/etc/rollcall/managed.toml")
    machine.path("/etc/rollcall/policy.toml").write_text(POLICY)
    machine.path("/etc/rollcall/policy.toml.minisig").write_text(signer.sign(POLICY))
    managed.write_text(
        f'[policy]\nfile = "/etc/rollcall/policy.toml"\npublic_key = "{signer.public_key}"\n{managed.read_text()}'
    )
    shutil.copy(Path(__file__).parents[1] / "probe/hostile_server.py", machine.path("/home/dev/server.py"))
    machine.path("/home/dev/private.txt").write_text("private")
    looks = ["/home/dev/server.py", "looks_around", "/home/dev/private.txt", "/var/lib/private"]
    machine.run("mkdir", "-p", "/home/dev/.cursor")
    definition = {"mcpServers": {"looks": {"command": "/opt/rollcall/bin/python", "args": looks}}}
    machine.path("/home/dev/.cursor/mcp.json").write_text(json.dumps(definition))
    machine.run("chown", "-R", "dev:", "/home/dev")
    machine.run("systemctl", "restart", "rollcall.service")

    def told() -> list[dict[str, Any]]:
        records = [json.loads(line)["record"] for line in receiver.lines(chain(receiver)) if b'"looks"' in line]
        return [record for record in records if record and record["kind"] == "tool"]

    try:
        until(told, 60)
    finally:
        print(machine.run("journalctl", "--unit=rollcall-probe@*", "--lines=20", "--no-pager", check=False))
    assert {(tool["name"], tool["known_from"]) for tool in told()} == {("seen", "probe")}
    assert told()[0]["parameters"] == ["network_ENETUNREACH"]
    assert "not permitted" not in machine.run("journalctl", "--unit=rollcall-probe@*", "--no-pager")
    until(lambda: "rollcall-probe@" not in machine.run("systemctl", "list-units", "--no-pager"))
    refused = machine.run("runuser", "--user", "dev", "--", "ls", "/run/rollcall-probe/socket", check=False)
    assert "Permission denied" in refused


def test_killed_it_comes_back_and_nothing_is_lost(machine: Booted, receiver: RunningReceiver) -> None:
    killed = show(machine, "MainPID")
    write_servers(machine, "notes", "while-killed")
    machine.run("systemctl", "kill", "--kill-who=main", "--signal=KILL", "rollcall.service")
    until(lambda: replaced(machine, killed), 60)
    until(lambda: "while-killed" in servers(receiver))
    until(lambda: everything_arrived(machine, receiver))


def test_an_upgrade_keeps_journal_key_and_settings(machine: Booted, new: Path, receiver: RunningReceiver) -> None:
    until(lambda: "0.9.0: running, well" in as_nobody(machine), 60)  # everybody may ask
    shutil.copytree(new, machine.path("/packages"), dirs_exist_ok=True)
    before, settings = head(machine), machine.path("/etc/rollcall/config.toml").read_text()
    key = machine.path(f"{STATE}/journal.key").read_bytes()
    print(install(machine, "0.9.1"))
    until(lambda: show(machine, "ActiveState") == "active", 60)
    assert "rollcall 0.9.1: running" in rollcall(machine, "status")
    assert head(machine) >= before
    assert machine.path("/etc/rollcall/config.toml").read_text() == settings
    assert machine.path(f"{STATE}/journal.key").read_bytes() == key
    assert "FAILED" not in rollcall(machine, "audit", "verify")
    until(lambda: everything_arrived(machine, receiver))


def test_a_downgrade_that_could_not_read_the_journal_is_refused(machine: Booted) -> None:
    machine.run("systemctl", "stop", "rollcall.service")
    version = schema(machine)
    schema(machine, 99)
    refused = install(machine, "0.9.0", check=False)
    assert "was written by a newer version" in refused and "move the journal away" in refused
    assert rollcall(machine, "--version") == "rollcall 0.9.1\n"
    schema(machine, version)
    install(machine, "0.9.0")
    until(lambda: show(machine, "ActiveState") == "active", 60)
    assert "rollcall 0.9.0: running" in rollcall(machine, "status")


def schema(machine: Booted, number: int | None = None) -> int:
    """Which version of its schema the journal's file says it has; set where a number is given."""
    with closing(sqlite3.connect(machine.path(f"{STATE}/journal.db"))) as journal:
        if number is not None:
            journal.execute(f"PRAGMA user_version = {number}")
            journal.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return int(journal.execute("PRAGMA user_version").fetchone()[0])


def test_removed_it_keeps_settings_and_journal_until_purged(machine: Booted) -> None:
    machine.run("dpkg", "--remove", "rollcall")
    assert show(machine, "LoadState") == "not-found"
    assert not machine.path("/opt/rollcall").exists()
    assert machine.path(f"{STATE}/journal.db").exists() and machine.path("/etc/rollcall/config.toml").exists()
    machine.run("dpkg", "--purge", "rollcall")
    left = machine.run("find", "/etc", "/var/lib", "/opt", "/usr", "-xdev", "-path", "*rollcall*")
    assert left.split() == ["/etc/credstore/rollcall.enroll-secret"], "which systemd owns"


def test_the_rpm_installs_and_goes(machine: Booted, old: Path) -> None:
    if not shutil.which("rpm"):
        pytest.skip("needs rpm")
    (package,) = old.glob("*.rpm")

    def rpm(*arguments: object) -> str:
        command = ["rpm", "--root", machine.root, "--dbpath", "/var/lib/rpm", *arguments]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stderr
        return done.stdout

    rpm("--install", "--nodeps", package)
    assert rollcall(machine, "--version") == "rollcall 0.9.0\n"
    assert found(r"(rollcall\.service)\s+enabled", machine.run("systemctl", "list-unit-files", "--no-pager"))
    assert "rollcall 0.9.0" in rpm("--query", "--queryformat", "%{NAME} %{VERSION}", "rollcall")
    rpm("--erase", "rollcall")
    assert not machine.path("/opt/rollcall").exists()
