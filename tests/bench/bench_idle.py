"""What the daemon costs while nothing happens: processor, memory, threads."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.bench import home, machine
from tests.bench.table import Row
from tests.receivers.running import RunningReceiver

PROCESSES = 300
PROJECTS = 100
WATCHES = 200
_SETTLE = 10.0
_NAME = "idle Python with the six imports"


class _Cost(NamedTuple):
    """Of one process over one stretch of time."""

    cpu: float
    """Seconds, user and system."""
    resident: float
    """MB (2**20 bytes), now."""
    peak: float
    threads: int


def run(quick: bool) -> list[Row]:
    """The daemon watches and has delivered its first snapshot over TLS; then both processes idle side by side."""
    seconds = 10.0 if quick else 60.0
    home.make(machine.HOME, machine.UID, PROJECTS)
    with machine.sleepers(PROCESSES), machine.folder() as place, _receiver(place / "receiver") as receiver:
        target = f'[[target]]\nurl = "{receiver.url}"\n'
        target += f'token_file = "{receiver.token_file}"\nca_file = "{receiver.ca_file}"\n'
        with machine.daemon(machine.settings(place, target)) as daemon, _reference() as reference:
            machine.wait_until(lambda: _delivered(place / "state/journal.db"), daemon)
            sending = sum(_cost(child).peak for child in _children(daemon.pid))
            machine.wait_until(lambda: not _children(daemon.pid), daemon)
            _check_watches(daemon.pid)
            time.sleep(_SETTLE)
            before, start = (_cost(daemon.pid), _cost(reference.pid)), time.monotonic()
            time.sleep(seconds)
            spent = time.monotonic() - start
            ours, theirs = _cost(daemon.pid), _cost(reference.pid)
    cpu, cpu_of_reference = (100 * (a.cpu - b.cpu) / spent for a, b in zip((ours, theirs), before, strict=True))
    return [
        Row(f"idle for {seconds:.0f} s, one core", cpu, "%", cpu_of_reference, _NAME, 0.5),
        Row("idle, resident", ours.resident, "MB", theirs.resident, _NAME, 48),
        Row("idle, most ever resident", ours.peak, "MB", theirs.peak, _NAME),
        Row("the process that delivers, while it runs", sending, "MB", theirs.resident, _NAME),
        Row("idle, threads", ours.threads, "", theirs.threads, _NAME, 8, False),
    ]


@contextmanager
def _receiver(place: Path) -> Iterator[RunningReceiver]:
    receiver = RunningReceiver(place).start()
    try:
        yield receiver
    finally:
        receiver.kill()


@contextmanager
def _reference() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", f"{machine.SIX_IMPORTS}\nimport time\ntime.sleep(1e6)"])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _delivered(file: Path) -> bool:
    journal = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return bool(journal.execute("SELECT 1 FROM targets, meta WHERE head_seq > 0 AND done = head_seq").fetchone())
    finally:
        journal.close()


def _children(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for thread in threads for child in thread.read_text().split()]


def _check_watches(pid: int) -> None:
    """The number of folders that the kernel watches for the process."""
    watches = 0
    for name in os.listdir(f"/proc/{pid}/fdinfo"):
        watches += Path(f"/proc/{pid}/fdinfo/{name}").read_text().count("inotify wd:")
    if watches < WATCHES:
        raise RuntimeError(f"only {watches} folders are watched")


def _cost(pid: int) -> _Cost:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    resident, peak = (int(status[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return _Cost((int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), resident, peak, int(status["Threads"]))
