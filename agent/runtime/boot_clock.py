"""Time since the machine was started: the clock that nobody sets."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple


class BootTime(NamedTuple):
    """A moment, as the machine's own time tells it."""

    boot_id: str | None
    """Another one after each start of the system; None where the system gives none."""
    milliseconds: int
    """Since the start, sleep included where the system counts it."""


def boot_time() -> BootTime:
    """Now."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    nanoseconds = time.monotonic_ns() if clock is None else time.clock_gettime_ns(clock)
    return BootTime(_boot_id(), nanoseconds // 1_000_000)


def _boot_id() -> str | None:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
