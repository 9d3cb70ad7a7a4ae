"""What befalls a laptop over the years: the clock is set, the lid is closed, the disk becomes read-only."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.running_daemon import QUICK, RunningDaemon, target, wait_until
from tests.receivers.running import RunningReceiver

if TYPE_CHECKING:
    from conftest import Machine

UID = 54321
SOURCE = Path(__file__).with_name("faked_clock.c")
YEARS = 10 * 365 * 86_400


def write(path: Path, *names: str) -> None:
    """A client's configuration with these servers, written as an editor does it."""
    new = path.with_name(f"{path.name}.tmp")
    new.write_text(json.dumps({"mcpServers": {name: {"command": name} for name in names}}))
    os.chown(new, UID, UID)
    new.replace(path)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[RunningReceiver]:
    started = RunningReceiver(tmp_path / "receiver").start()
    yield started
    started.kill()


@pytest.fixture
def idle(machine: Machine) -> Iterator[RunningDaemon]:
    running = RunningDaemon(machine)
    write(running.home / ".claude.json", "first")
    yield running
    if running.alive:
        running.signal(signal.SIGCONT)
        assert running.stop() == 0


class Clock:
    """The wall clock of one process, set while it runs; the time since the boot goes on as it does."""

    def __init__(self, folder: Path) -> None:
        if not shutil.which("gcc"):
            pytest.skip("needs gcc")
        library, self._file = folder / "faked_clock.so", folder / "clock"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O", "-o", library, SOURCE], check=True)
        self._file.write_bytes(bytes(8))
        self.environment = {"LD_PRELOAD": str(library), "FAKED_CLOCK": str(self._file)}

    def jump(self, seconds: int) -> None:
        """Set to so much before or after the true time."""
        with self._file.open("r+b") as file:
            file.write(seconds.to_bytes(8, sys.byteorder, signed=True))


def test_a_clock_that_is_set_ten_years_on_and_back_loses_nothing(
    idle: RunningDaemon, receiver: RunningReceiver, tmp_path: Path
) -> None:
    clock = Clock(tmp_path)
    idle.configure(QUICK + "[daemon]\nheartbeat_seconds = 1\nsnapshot_seconds = 10\n" + target(receiver))
    idle.ready(clock.environment)
    idle.delivered(receiver)
    first = json.loads(idle.lines()[0])
    for jump, name in ((YEARS, "later"), (-YEARS, "earlier"), (0, "now")):
        clock.jump(jump)
        write(idle.home / ".claude.json", name)
        idle.sees(lambda found, name=name: set(found) == {name})
        (said,) = [e for e in idle.entries() if e["op"] == "discovered" and e["record"].get("name") == name]
        year = time.gmtime(time.time() + jump).tm_year
        assert said["at"].startswith(str(year)), said["at"]
        beats = len(idle.entries())
        wait_until(lambda beats=beats: len(idle.entries()) > beats, idle.explain)  # heartbeats go on
    assert json.loads(idle.lines()[0]) == first, "nothing was taken for too old"
    idle.delivered(receiver)
    assert idle.rollcall("audit", "verify").status == 0
    assert "running" in idle.rollcall("status").stdout.decode()


def freeze(pid: int, folder: Path) -> bool:
    """Stop a process as the system does before it sleeps, without a signal; False where the kernel gives no freezer."""
    with suppress(OSError):
        folder.mkdir()
        (folder / "cgroup.procs").write_text(str(pid))
        (folder / "freezer.state").write_text("FROZEN")
        wait_until(lambda: "FROZEN" in (folder / "freezer.state").read_text())
        return True
    return False


@pytest.fixture
def freezer() -> Iterator[Path]:
    folder = Path("/sys/fs/cgroup/freezer/rollcall-test")
    yield folder
    if folder.exists():
        (folder / "freezer.state").write_text("THAWED")
        for pid in (folder / "cgroup.procs").read_text().split():
            (folder.parent / "cgroup.procs").write_text(pid)
        wait_until(lambda: not (folder / "cgroup.procs").read_text())
        folder.rmdir()


def test_after_a_sleep_it_knows_what_changed_meanwhile(
    idle: RunningDaemon, receiver: RunningReceiver, tmp_path: Path, freezer: Path
) -> None:
    """Eight hours by the wall clock; files changed, programs came and went, and the receiver was away."""
    clock = Clock(tmp_path)
    idle.configure(QUICK + "[daemon]\nheartbeat_seconds = 300\n" + target(receiver))
    idle.ready(clock.environment)
    idle.delivered(receiver)
    if not freeze(idle.pid, freezer):
        idle.signal(signal.SIGSTOP)
    receiver.kill()
    clock.jump(8 * 3600)
    write(idle.home / ".claude.json", "while-it-slept")
    assert set(idle.servers()) == {"first"}
    time.sleep(1.5)
    receiver.start()
    if freezer.exists():
        (freezer / "freezer.state").write_text("THAWED")
    idle.signal(signal.SIGCONT)
    idle.sees(lambda found: set(found) == {"while-it-slept"})
    idle.delivered(receiver)
    assert idle.rollcall("audit", "verify").status == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Where the state will lie: a file system that can fail."""
    folder, image = tmp_path / "rollcall/state", tmp_path / "image"
    folder.mkdir(parents=True)
    with image.open("wb") as file:
        file.truncate(32 << 20)
    made = subprocess.run(["mkfs.ext4", "-q", "-F", image], capture_output=True)
    if made.returncode or subprocess.run(["mount", "-o", "loop,errors=remount-ro", image, folder]).returncode:
        pytest.skip("no file system of our own here")
    folder.chmod(0o700)
    yield folder
    subprocess.run(["umount", "--lazy", folder], stderr=subprocess.DEVNULL)


def test_a_disk_that_becomes_read_only_is_told_of_and_a_sound_one_taken_up(
    disk: Path, machine: Machine, tmp_path: Path
) -> None:
    subprocess.run(["umount", disk], check=True)  # now the machine alone has it
    running = RunningDaemon(machine)
    write(running.home / ".claude.json", "first")
    running.ready()
    # What the kernel does to a file system in which it finds an error.
    there = ["nsenter", f"--mount=/proc/{machine.init}/ns/mnt", "sh", "-c"]
    subprocess.run([*there, f"mount -o remount,abort {disk}"], capture_output=True)
    write(running.home / ".claude.json", "second")
    wait_until(lambda: running.logged("journal.not_written") or running.logged("daemon.failed"), running.explain)
    doctor = running.rollcall("doctor").stdout.decode()
    assert f"ERROR   disk: {disk}: Read-only file system" in doctor, doctor
    status = running.rollcall("status")
    assert b"NOT JOURNALED: Read-only file system" in status.stdout, status
    assert running.alive and "Traceback" not in running.log_file.read_text()
    running.stop()
    # As systemd starts it again and again.
    running.start()
    assert running.process
    assert running.process.wait(60) != 0
    said = running.log_file.read_text().splitlines()[-1]
    assert said.endswith("Read-only file system") and str(disk) in said, said
    mend = f"umount {disk}; fsck.ext4 -p {tmp_path}/image; mount -o loop {tmp_path}/image {disk}"
    subprocess.run([*there, mend], capture_output=True)
    running.ready()
    wait_until(lambda: b'"second"' in running.rollcall("audit", "show", "--format", "ndjson").stdout, running.explain)
    assert running.rollcall("audit", "verify").status == 0
    assert running.stop() == 0
