"""What following processes costs, and how long one takes from its start to the journal."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Literal

import psutil

from collectors.sources.process.events import ProcessEvents, UnsupportedError
from collectors.sources.process.table import ProcessTable
from tests.bench import machine
from tests.bench.table import Row

SIZES = (300, 2_000, 10_000)
INTERESTING = 20
STORM = 2_000
STORM_INTERESTING = 10
INTERVAL = 1.0
"""Default of `collect.process_seconds`."""
Mode = Literal["connector", "sweep"]
_WITHOUT_CONNECTOR = """
import sys
from collectors.processes.watch import ProcessWatch
ProcessWatch.start = classmethod(lambda *given: None)
from agent.cli.main import main
sys.exit(main())
"""
"""The daemon as it is where the kernel tells no process events."""
_LOOK = 0.002
_ATTRIBUTES = ["pid", "ppid", "name", "exe", "cmdline", "cwd", "uids", "username", "create_time", "num_fds"]


def run(quick: bool) -> list[Row]:
    """With process events only among the machine's own processes (`--host-processes`); sweeps anywhere."""
    rows: list[Row] = []
    modes = _modes()
    with machine.folder() as place:
        server = place / "quick-mcp-server"
        shutil.copy("/bin/sleep", server)
        for size in SIZES[:1] if quick else SIZES:
            with _processes(size, server):
                rows += _costs(modes, size, place, 5.0 if quick else 20.0)
        with machine.sleepers(SIZES[0]):
            rows += _latency("sweep", server, place, 5 if quick else 60, INTERVAL * 1e3 + 100)
            if "connector" in modes:
                rows += _latency("connector", server, place, 30 if quick else 300, 50.0)
                rows += _storm(server, place)
    return rows


def _modes() -> tuple[Mode, ...]:
    try:
        ProcessEvents(lambda event: None, lambda: None).close()
    except UnsupportedError:
        return ("sweep",)
    return ("connector", "sweep")


def _costs(modes: tuple[Mode, ...], size: int, place: Path, seconds: float) -> list[Row]:
    theirs = _busy(lambda: [p.info for p in psutil.process_iter(_ATTRIBUTES)])
    ps = _busy(lambda: subprocess.run(["ps", "-eo", "pid,ppid,user,lstart,args"], stdout=subprocess.DEVNULL))
    table = ProcessTable()
    sweep = table.changes().sweep
    time.sleep(3.5)  # until none is young
    sweep = table.changes(sweep).sweep
    one = min(_busy(lambda: table.changes(sweep), 5) for _ in range(5))
    rows = [
        Row(f"{size} processes, one sweep, each", one * 1e6 / len(sweep.marks), "µs", goal=1, strictly=False),
        Row(f"{size} processes, `ps -eo` a second", ps * 1e3, "ms/s"),
    ]
    for mode in modes:
        with _daemon(mode, place, INTERESTING) as daemon:
            time.sleep(5)
            start = _used(daemon.pid)
            time.sleep(seconds)
            ours = (_used(daemon.pid) - start) / seconds
        what = f"{size} processes, daemon with {mode}, idle"
        rows.append(Row(what, ours * 1e3, "ms/s", theirs * 1e3, "psutil.process_iter a second"))
    return rows


def _latency(mode: Mode, server: Path, place: Path, count: int, goal: float) -> list[Row]:
    chance = random.Random(1)
    took: list[float] = []
    with _daemon(mode, place) as _, _journal(place) as journal:
        time.sleep(2)
        for number in range(count):
            argument = f"60.{number:06d}"
            head = journal.execute("SELECT head_seq FROM meta").fetchone()[0]
            start = time.perf_counter()
            process = subprocess.Popen([server, argument])
            took.append(_until_journaled(journal, argument, head) - start)
            process.kill()
            process.wait()
            time.sleep(chance.uniform(0.05, 0.25 if mode == "connector" else INTERVAL))
    what = f"process start to journal, {mode}"
    return [
        Row(f"{what}, p50", median(took) * 1e3, "ms"),
        Row(f"{what}, p99", quantiles(took, n=100, method="inclusive")[98] * 1e3, "ms", goal=goal),
        Row(f"{what}, longest", max(took) * 1e3, "ms"),
    ]


def _storm(server: Path, place: Path) -> list[Row]:
    """The shell forks as fast as it can; every two hundredth process is a server that lives 50 ms."""
    every = STORM // STORM_INTERESTING
    loop = (
        f"i=0; while [ $i -lt {STORM} ]; do i=$((i+1)); "
        f'if [ $((i % {every})) -eq 0 ]; then "{server}" 0.05$((100000+i)) & else /bin/true & fi; done; wait'
    )
    with _daemon("connector", place) as daemon, _journal(place) as journal:
        time.sleep(3)
        used, start = _used(daemon.pid), time.perf_counter()
        subprocess.run(["sh", "-c", loop], check=True)
        took = time.perf_counter() - start
        time.sleep(3)
        cost = _used(daemon.pid) - used
        seen = {argument for record in _discovered(journal, 0) for argument in record.get("args", ())}
    wanted = {f"0.05{100000 + number}" for number in range(every, STORM + 1, every)}
    return [
        Row(f"fork storm of {STORM}: interesting ones lost", len(wanted - seen), "", goal=0, strictly=False),
        Row("fork storm: processor time of the daemon", cost, "s", took, "duration of the storm", 1, False),
    ]


@contextmanager
def _processes(count: int, server: Path) -> Iterator[None]:
    """So many processes that sleep; as many of them as there should be are servers."""
    command = [["/bin/sleep", "1000000"], [str(server), "1000000"]]
    pids: list[int] = []
    try:
        for number in range(count):
            words = command[number < INTERESTING]
            pids.append(os.posix_spawn(words[0], words, os.environ))
        yield
    finally:
        for pid in pids:
            os.kill(pid, 9)
        for pid in pids:
            os.waitpid(pid, 0)


@contextmanager
def _daemon(mode: Mode, place: Path, instances: int = 0) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon with a state of its own, ready when it knows as many instances as there are."""
    shutil.rmtree(place / "state", ignore_errors=True)
    config = machine.settings(place)
    start = ["-m", "agent"] if mode == "connector" else ["-c", _WITHOUT_CONNECTOR]
    command = [sys.executable, *start, "--config", str(config), "run"]
    process = subprocess.Popen(command, cwd=machine.REPOSITORY)
    try:
        machine.wait_until((place / "state/status.json").exists, process)
        with _journal(place) as journal:
            machine.wait_until(lambda: len(list(_discovered(journal, 0))) >= instances, process)
        yield process
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def _journal(place: Path) -> Iterator[sqlite3.Connection]:
    journal = sqlite3.connect(f"file:{place}/state/journal.db?mode=ro", uri=True, isolation_level=None)
    try:
        yield journal
    finally:
        journal.close()


def _discovered(journal: sqlite3.Connection, after: int) -> Iterator[dict[str, Any]]:
    for (body,) in journal.execute("SELECT body FROM entries WHERE seq > ?", (after,)):
        entry = json.loads(body)
        if entry["op"] == "discovered" and entry["record"]["kind"] == "instance":
            yield entry["record"]


def _until_journaled(journal: sqlite3.Connection, argument: str, head: int) -> float:
    deadline = time.perf_counter() + 10
    while time.perf_counter() < deadline:
        if any(argument in record["args"] for record in _discovered(journal, head)):
            return time.perf_counter()
        time.sleep(_LOOK)
    raise RuntimeError(f"the process with {argument} never reached the journal")


def _used(pid: int) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _busy(work: Callable[[], object], times: int = 3) -> float:
    """Processor seconds, user and system, that one piece of work takes here and in children that it waits for."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    for _ in range(times):
        work()
    after = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    used = sum(b.ru_utime + b.ru_stime - a.ru_utime - a.ru_stime for a, b in zip(spent, after, strict=True))
    return used / times
