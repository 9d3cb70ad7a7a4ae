"""What this process itself takes of the machine."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple


class Measured(NamedTuple):
    """At one moment. The process that delivers is another, and ends by itself."""

    cpu_seconds: float
    resident_bytes: int
    descriptors: int
    threads: int
    state_bytes: int
    """Of all files in the state folder."""


def measure(folder: Path) -> Measured:
    """Of this process, and of its state folder."""
    return Measured(time.process_time(), _resident(), _descriptors(), threading.active_count(), _size(folder))


def _resident() -> int:
    if sys.platform == "linux":
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    import psutil

    return int(psutil.Process().memory_info().rss)


def _descriptors() -> int:
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().num_handles())
    return len(os.listdir("/dev/fd")) - 1


def _size(folder: Path) -> int:
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                total += entry.stat(follow_symlinks=False).st_size
            except OSError:  # a file that was just replaced
                continue
    return total
