"""Hashes of files by device and inode: one file is read once, however many names lead to it."""

from __future__ import annotations

import hashlib
import os
import time
from typing import Final, NamedTuple

from collectors.sources.filesystem.unreadable import UnreadableError

_MOST_KNOWN: Final = 4_096
_AT_ONCE: Final = 1 << 20
_SETTLED: Final = 2_000_000_000
"""Nanoseconds: what was written a moment ago may be written again without another time of change."""


class Digest(NamedTuple):
    """What a file holds, told without its content."""

    sha256: str
    size: int


class Digests:
    """Remembers what files held that have not changed since."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], Digest] = {}

    def of(self, file: int, most: int) -> Digest:
        """The hash of an open file of at most `most` bytes. Raises `OSError`, or `UnreadableError` for a larger one."""
        before = _identity(file)
        if before in self._known:
            return self._known[before]
        digest = _read(file, most)
        if before == _identity(file) and time.time_ns() - before[-1] > _SETTLED:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[before] = digest
        return digest


def _identity(file: int) -> tuple[int, ...]:
    status = os.fstat(file)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _read(file: int, most: int) -> Digest:
    total, size = hashlib.sha256(), 0
    while size <= most and (piece := os.read(file, _AT_ONCE)):
        total.update(piece)
        size += len(piece)
    if size > most:
        raise UnreadableError("file.too_large", f"it is larger than {most} bytes")
    return Digest(total.hexdigest(), size)
