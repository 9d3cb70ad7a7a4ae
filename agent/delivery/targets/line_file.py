"""A file of entries, one a line, that knows which is its last: what a crash left half written is taken back."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_TAIL = 2_000_000
"""More than the longest line."""
_MODE = 0o640
_OPENING = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class LineFile:
    """An open file that ends with a whole line."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("no ordinary file")
        self.last = self._mend()
        """Chain and number of the last entry; None where there is none."""

    @property
    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def append(self, lines: bytes) -> None:
        """All of it, on the disk, or nothing. Raises `OSError`."""
        before = self.size
        try:
            view = memoryview(lines)
            while view:
                view = view[os.write(self._descriptor, view) :]
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, before)
            raise

    def _mend(self) -> tuple[str, int] | None:
        size = self.size
        os.lseek(self._descriptor, max(0, size - _TAIL), os.SEEK_SET)
        tail = os.read(self._descriptor, _TAIL)
        whole = tail.rfind(b"\n") + 1
        if whole < len(tail):
            os.ftruncate(self._descriptor, size - (len(tail) - whole))
        return _named(tail[:whole].rstrip(b"\n").rpartition(b"\n")[2])


def _named(line: bytes) -> tuple[str, int] | None:
    try:
        entry = json.loads(line)
        return str(entry["chain"]), int(entry["seq"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


@contextmanager
def opened(path: Path) -> Iterator[LineFile]:
    """The file, made where it is missing; a link is not followed. Raises `OSError`."""
    descriptor = os.open(path, _OPENING, _MODE)
    try:
        yield LineFile(descriptor)
    finally:
        os.close(descriptor)


def last_of(path: Path) -> tuple[str, int] | None:
    """Chain and number of the last entry in a file that may be missing."""
    with suppress(FileNotFoundError):
        path.lstat()
        with opened(path) as file:
            return file.last
    return None


def rotate(path: Path, keep: int) -> None:
    """Move the file to `.1`, that to `.2` and so on, of which `keep` stay. Raises `OSError`."""
    older = [path.with_name(f"{path.name}.{number}") for number in range(1, keep + 1)]
    older[-1].unlink(missing_ok=True)
    for place, target in zip(older[-2::-1], older[:0:-1], strict=True):
        with suppress(FileNotFoundError):
            place.rename(target)
    path.rename(older[0])
