"""The daemon under ten changes a second for an hour: memory, descriptors and threads must not grow.

They go round 600 files, so that each changes once a minute, which is as often as one file may change the journal; when
the account's allowance is spent, after some minutes, they come up to an hour late, as they would on any machine.

`ROLLCALL_SOAK_SECONDS` sets another time; the curve goes to standard error, a line for each thirtieth of it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from tests.bench import home, machine
from tests.bench.table import Row

PROJECTS = 600
_CHANGES_A_SECOND = 10
_POINTS = 30
_WARM = 6
"""Points until caches are full and the journal is as large as it is to be in memory."""


class Point(NamedTuple):
    """What the daemon takes at one moment."""

    seconds: float
    resident: float
    """MB (2**20 bytes)."""
    descriptors: int
    threads: int
    head: int


def run(quick: bool) -> list[Row]:
    """Ten times a second a server is added to, changed in or taken out of a project's file."""
    seconds = 20.0 if quick else float(os.environ.get("ROLLCALL_SOAK_SECONDS", "3600"))
    home.make(machine.HOME, machine.UID, PROJECTS)
    more = '[journal]\nkeep_bytes = 67_108_864\n[collect]\ndisabled = ["sessions", "actions"]\n'
    with machine.folder() as place, machine.daemon(machine.settings(place, more)) as daemon:
        points = edit_and_measure(daemon.pid, place / "state", seconds)
    return drifts(points, seconds)


def drifts(points: list[Point], seconds: float) -> list[Row]:
    """The last quarter after the warm-up against the first."""
    warm = points[_WARM:]
    part = max(len(warm) // 4, 1)
    first, last = warm[:part], warm[-part:]
    after, name = first[0].resident, "after warm-up"
    return [
        Row(f"{seconds:.0f} s of changes, resident at the end", last[-1].resident, "MB", after, name),
        Row("drift of resident memory", _mean(last, 1) - _mean(first, 1), "MB", goal=1),
        Row("drift of descriptors", _mean(last, 2) - _mean(first, 2), "", goal=1),
        Row("drift of threads", _mean(last, 3) - _mean(first, 3), "", goal=0.5),
    ]


def _mean(points: Sequence[Point], field: int) -> float:
    return fmean(float(point[field]) for point in points)


def changing() -> list[Path]:
    """The files that change, one after the other."""
    return sorted(machine.HOME.glob("src/p*/.vscode/mcp.json"))


def edit_and_measure(
    pid: int, state: Path, seconds: float, meanwhile: Callable[[float], None] = lambda seconds: None
) -> list[Point]:
    """Ten changes a second, and what happens beside them; a point for each thirtieth of the time."""
    files = changing()
    start, points, number = time.monotonic(), list[Point](), 0
    while (spent := time.monotonic() - start) < seconds:
        number += 1
        _change(files[number % len(files)], number)
        meanwhile(spent)
        if spent >= seconds / _POINTS * len(points):
            points.append(_measure(pid, spent, state))
            print("{:7.0f} s  {:6.2f} MB  {} descriptors  {} threads  {}".format(*points[-1]), file=sys.stderr)
        time.sleep(max(0.0, start + number / _CHANGES_A_SECOND - time.monotonic()))
    return points


def _change(file: Path, number: int) -> None:
    servers = {f"s{n}": {"command": "npx", "args": [f"@example/s{n}@{number % 7}.0.0"]} for n in range(1 + number % 3)}
    new = file.with_name("new")
    new.write_text(json.dumps({"servers": servers}))
    os.chown(new, machine.UID, machine.UID)
    new.replace(file)


def _measure(pid: int, spent: float, state: Path) -> Point:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    said = json.loads((state / "status.json").read_text())
    resident = int(status["VmRSS"].split()[0]) / 1024
    descriptors = len(os.listdir(f"/proc/{pid}/fd"))
    return Point(spent, resident, descriptors, int(status["Threads"]), said["heartbeat"]["journal_head"])
