"""What the daemon takes as time goes by."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple

from agent.service.pulse import seconds_since
from tests.hostile.world import Daemon

HEAD = "  second     MB +children    core  descriptors   threads  disk MB  stood s"


class Sample(NamedTuple):
    """One moment of a daemon and its children."""

    seconds: float
    resident: int
    """Kilobytes; of its children likewise."""
    children: int
    processor: float
    """Seconds so far, with those of children that ended."""
    descriptors: int
    threads: int
    disk: int
    """Bytes of the state folder."""
    stood: float
    """Seconds since the main loop last turned."""


class Curve:
    """Samples of one daemon, and the lines of their table."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon, self._begun = daemon, time.monotonic()
        self.samples: list[Sample] = []
        self.longest_stand = 0.0

    def glance(self) -> None:
        """How long the loop has stood; asked often, kept at its worst."""
        self.longest_stand = max(self.longest_stand, seconds_since(self._daemon.state) or 0.0)

    def take(self) -> None:
        process = Path(f"/proc/{self._daemon.pid}")
        self.samples.append(
            Sample(
                time.monotonic() - self._begun, _resident(process), sum(map(_resident, _children(process))),
                _processor(process), len(os.listdir(process / "fd")), len(os.listdir(process / "task")),
                sum(path.stat().st_size for path in self._daemon.state.iterdir()), self.longest_stand,
            )
        )  # fmt: skip

    @property
    def share(self) -> float:
        """Of one core, over the whole time."""
        first, last = self.samples[0], self.samples[-1]
        return (last.processor - first.processor) / max(1.0, last.seconds - first.seconds)

    @property
    def line(self) -> str:
        """The last sample, for the table."""
        before, now = self.samples[-2:]
        share = (now.processor - before.processor) / max(0.1, now.seconds - before.seconds)
        return (
            f"{now.seconds:8.0f}  {now.resident / 1024:5.1f} {now.children / 1024:9.1f}  {share:6.2f}"
            f"  {now.descriptors:10}  {now.threads:8}  {now.disk / 1e6:7.1f}  {now.stood:7.1f}"
        )


def _resident(process: Path) -> int:
    try:
        return int((process / "statm").read_text().split()[1]) * (os.sysconf("SC_PAGE_SIZE") // 1024)
    except OSError:  # a child that ended
        return 0


def _children(process: Path) -> list[Path]:
    found = []
    for task in (process / "task").iterdir():
        try:
            found += [Path("/proc") / pid for pid in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def _processor(process: Path) -> float:
    fields = (process / "stat").read_text().rpartition(") ")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
