"""Which processes exist, what each one runs, and what changed since the last look."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

ARGUMENT_BYTES = 128 * 1024
ARGUMENTS = 4096
YOUNG_SECONDS = 3.0
"""A process younger than this is read again at every sweep: until then a shell often becomes the real program."""


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """One process as the system shows it. All text is valid Unicode; what could not be decoded is replaced."""

    pid: int
    started: float
    """Seconds since the epoch; the same at every reading by one `ProcessTable`."""
    start_ticks: int
    """Start in the system's own unit, which no later setting of the clock moves: with `pid` the identity."""
    ppid: int
    uid: int | None
    """Real user id; None on Windows."""
    euid: int | None
    owner: str | None
    """Account name of the real user."""
    name: str
    """What the kernel calls it (on Linux at most 15 bytes, and free to be a lie)."""
    exe: str | None
    """Path of the program file, also when it was replaced or deleted since; None without the right to see it."""
    argv: tuple[str, ...]
    """Raw: it may hold secrets and must be redacted before it leaves this process. At most ARGUMENT_BYTES and
    ARGUMENTS; empty where it may not be read."""
    cwd: str | None


class ProcessKey(NamedTuple):
    """What tells two processes apart that were given the same id one after the other."""

    pid: int
    start_ticks: int


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one look at all processes found: the input of the next."""

    marks: Mapping[int, int] = field(default_factory=dict)
    starts: Mapping[int, int] = field(default_factory=dict)
    young: Mapping[int, ProcessRow] = field(default_factory=dict)


class Changes(NamedTuple):
    rows: tuple[ProcessRow, ...]
    """Processes that are new, or young and now run something else or as someone else."""
    gone: tuple[ProcessKey, ...]
    sweep: Sweep


class Source(Protocol):
    """One operating system's processes."""

    def marks(self) -> dict[int, int]: ...

    def age(self, row: ProcessRow) -> float: ...

    def row(self, pid: int) -> ProcessRow | None: ...


class ProcessTable:
    """The processes of this machine, without kernel threads and those that have ended but were not yet reaped.

    Raises OSError when the system does not show its processes (`proc` not mounted).
    """

    def __init__(self, proc: str = "/proc") -> None:
        self._source = _source(proc)

    def ids(self) -> set[int]:
        """All process ids, kernel threads included."""
        return set(self._source.marks())

    def row(self, pid: int) -> ProcessRow | None:
        """The process, or None when it is gone, a kernel thread or hidden from this user."""
        return self._source.row(pid)

    def rows(self) -> Iterator[ProcessRow]:
        for pid in sorted(self._source.marks()):
            if row := self._source.row(pid):
                yield row

    def changes(self, known: Sweep | None = None) -> Changes:
        """What differs from an earlier sweep (everything is new without one). A process older than YOUNG_SECONDS that
        becomes another program is not seen here: only process events or reading all rows show it."""
        known = known or Sweep()
        marks = self._source.marks()
        if marks == known.marks and not known.young:
            return Changes((), (), known)
        starts = dict(known.starts)
        gone = [ProcessKey(pid, starts.pop(pid)) for pid in known.starts.keys() - marks.keys()]
        rows: list[ProcessRow] = []
        young: dict[int, ProcessRow] = {}
        marked = {pid for pid, mark in marks.items() if known.marks.get(pid) != mark}
        for pid in sorted(marked | (known.young.keys() & marks.keys())):
            row, start = self._source.row(pid), starts.get(pid)
            if start is not None and (row is None or row.start_ticks != start):
                gone.append(ProcessKey(pid, starts.pop(pid)))
            if row is None:
                continue
            before = known.young.get(pid)
            if pid not in starts or (before and _program(before) != _program(row)):
                rows.append(row)
            starts[pid] = row.start_ticks
            if self._source.age(row) < YOUNG_SECONDS:
                young[pid] = row
        return Changes(tuple(rows), tuple(gone), Sweep(marks, starts, young))


def account_name(uid: int) -> str | None:
    """The account of a user id, None when nobody has it; asked again every ten minutes, for it may ask a network."""
    return _account_name(uid, int(time.monotonic() // 600))


@functools.lru_cache(maxsize=1024)
def _account_name(uid: int, _period: int) -> str | None:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def _program(row: ProcessRow) -> tuple[object, ...]:
    return row.exe, row.argv, row.uid, row.euid


def _source(proc: str) -> Source:
    if sys.platform == "linux":
        from collectors.sources.process.procfs import ProcFs

        return ProcFs(proc)
    from collectors.sources.process.psutil_processes import PsutilProcesses

    return PsutilProcesses()
