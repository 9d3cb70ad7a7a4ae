"""When the main loop last turned, for whoever asks from outside: a process that stands still looks alive too."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

FILE = "pulse"
"""Name of the file in the state folder."""
_SECONDS = 1.0


class Pulse:
    """Leaves the time in a file, at most once a second. By the clock that nobody sets: it counts from the boot."""

    def __init__(self, folder: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        self._file = os.open(folder / FILE, flags, 0o600)
        self._next = 0.0

    def beat(self) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _SECONDS
            with contextlib.suppress(OSError):  # the disk is full: the journal tells of that
                os.lseek(self._file, 0, os.SEEK_SET)
                os.write(self._file, b"%020d" % int(now * 1000))

    def close(self) -> None:
        os.close(self._file)


def seconds_since(folder: Path) -> float | None:
    """How long ago the loop last turned; None where no daemon has said so since the boot."""
    try:
        then = int((folder / FILE).read_bytes()) / 1000
    except (OSError, ValueError):
        return None
    now = time.monotonic()
    return now - then if then <= now else None
