"""Linux: process rows straight from /proc, at a sixth of what a general library costs."""

from __future__ import annotations

import os
import time
from typing import NamedTuple

from collectors.sources.process.row import ProcessRow, account_name
from collectors.sources.process.words import LONGEST, MOST_WORDS, READ_BYTES, kept

_KERNEL_THREAD = 0x00200000
"""PF_KTHREAD of the kernel's include/linux/sched.h, in field 9 of /proc/<pid>/stat."""
_GONE_STATES = (b"Z", b"X", b"x")
_DELETED = " (deleted)"
_ORDINARY = 16 * 1024
"""Bytes that hardly any command line has; a buffer for more costs a call of the system each time."""
_LONGEST_CHARACTER = 4
"""Bytes of UTF-8."""


class Stat(NamedTuple):
    """What /proc/<pid>/stat says, as far as it is needed."""

    name: str
    ppid: int
    kernel: bool
    start_ticks: int
    """Clock ticks between boot and start."""


class ProcFs:
    """Processes of a mounted procfs. Raises OSError when there is none."""

    def __init__(self, proc: str = "/proc") -> None:
        self._proc = proc
        self._tick = 1 / os.sysconf("SC_CLK_TCK")
        # Read once: a clock that is set later must not move the start of a known process.
        self._boot = float(_field(_read(f"{proc}/stat", 1 << 22), b"btime")[0])

    def marks(self) -> dict[int, int]:
        """Each process id with a number that changes when the id is given to another process, and seldom else: the
        inode of its folder, which comes with the listing for free."""
        with os.scandir(self._proc) as entries:
            return {int(name): entry.inode() for entry in entries if (name := entry.name).isdigit()}

    def age(self, row: ProcessRow) -> float:
        # Both count from boot: a clock that is set makes nobody young or old.
        return time.clock_gettime(time.CLOCK_BOOTTIME) - row.start_ticks * self._tick

    def row(self, pid: int) -> ProcessRow | None:
        stat = self._stat(pid)
        if stat is None or stat.kernel:
            return None
        folder = f"{self._proc}/{pid}"
        try:
            # The folder's owner is the effective user only.
            uid, euid = map(int, _field(_read(f"{folder}/status", 8192), b"Uid")[:2])
            argv = _read(f"{folder}/cmdline", _ORDINARY)
            if len(argv) == _ORDINARY:
                argv = _read(f"{folder}/cmdline", READ_BYTES)
        except (OSError, ValueError, IndexError):
            return None
        return ProcessRow(
            pid=pid,
            started=self._boot + stat.start_ticks * self._tick,
            start_ticks=stat.start_ticks,
            ppid=stat.ppid,
            uid=uid,
            euid=euid,
            owner=account_name(uid),
            name=stat.name,
            exe=_link(f"{folder}/exe"),
            argv=_split(argv),
            cwd=_link(f"{folder}/cwd"),
        )

    def _stat(self, pid: int) -> Stat | None:
        try:
            line = _read(f"{self._proc}/{pid}/stat", 4096)
            # The name may contain blanks and parentheses: the last one closes it.
            opening, closing = line.index(b"("), line.rindex(b")")
            fields = line[closing + 2 :].split()
            if fields[0] in _GONE_STATES:
                return None
            kernel = bool(int(fields[6]) & _KERNEL_THREAD)
            return Stat(_text(line[opening + 1 : closing]), int(fields[1]), kernel, int(fields[19]))
        except (OSError, ValueError, IndexError):
            return None


def _read(path: str, size: int) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, size)
    finally:
        os.close(descriptor)


def _field(table: bytes, name: bytes) -> list[bytes]:
    for line in table.splitlines():
        if line.startswith(name):
            return line.split()[1:]
    return []


def _link(path: str) -> str | None:
    """None without the right to look, or where the process has already let go of it."""
    try:
        return _text(os.readlink(os.fsencode(path))).removesuffix(_DELETED)
    except OSError:
        return None


def _split(cmdline: bytes) -> tuple[str, ...]:
    # A process may overwrite its command line, so neither the final NUL nor valid UTF-8 is certain.
    parts = cmdline.removesuffix(b"\0").split(b"\0", MOST_WORDS)[:MOST_WORDS] if cmdline else []
    return kept(_text(part[: _LONGEST_CHARACTER * LONGEST]) for part in parts)


def _text(raw: bytes) -> str:
    """Text without lone surrogates, which no JSON encoder takes."""
    return raw.decode("utf-8", "replace")
