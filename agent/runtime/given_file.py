"""Reads what a person or a setting names, which may be no file at all."""

from __future__ import annotations

import errno
import os
import select
import time
from pathlib import Path

_MOST = 64_000_000
_SECONDS = 5.0


def read_given(path: Path, most: int = _MOST) -> bytes:
    """All that a file holds, or a pipe such as the shell's `<(command)`. Raises `OSError`, also for what is larger than
    `most`, such as /dev/zero, and for a pipe from which nothing comes."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        parts: list[bytes] = []
        while part := _part(descriptor, path):
            parts.append(part)
            if (most := most - len(part)) < 0:
                raise OSError(errno.EFBIG, "too large", str(path))
        return b"".join(parts)
    finally:
        os.close(descriptor)


def _part(descriptor: int, path: Path) -> bytes:
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            return os.read(descriptor, 1 << 18)
        except BlockingIOError:
            if (left := deadline - time.monotonic()) <= 0:
                raise TimeoutError(errno.ETIMEDOUT, "nothing comes from it", str(path)) from None
            select.select([descriptor], [], [], left)
