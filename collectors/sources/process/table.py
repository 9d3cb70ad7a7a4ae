"""Which processes exist, what each one runs, and what changed since the last look."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from collectors.sources.process.row import ProcessKey, ProcessRow, Source

YOUNG_SECONDS = 3.0
"""A process younger than this is read again at every sweep: until then a shell often becomes the real program."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one look at all processes found: the input of the next."""

    marks: Mapping[int, int] = field(default_factory=dict)
    starts: Mapping[int, int] = field(default_factory=dict)
    young: Mapping[int, int] = field(default_factory=dict)
    """Of young processes a hash of what each runs and as whom."""


class Changes(NamedTuple):
    rows: tuple[ProcessRow, ...]
    """Processes that are new, or young and now run something else or as someone else."""
    gone: tuple[ProcessKey, ...]
    sweep: Sweep


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
        rows: list[ProcessRow] = []
        gone: list[ProcessKey] = []
        sweep = self.follow(known or Sweep(), rows.append, gone.append)
        return Changes(tuple(rows), tuple(gone), sweep)

    def follow(self, known: Sweep, came: Callable[[ProcessRow], object], went: Callable[[ProcessKey], object]) -> Sweep:
        """The same, each row handed over as it is read: nobody can say what those of all processes together weigh."""
        marks = self._source.marks()
        if marks == known.marks and not known.young:
            return known
        starts = dict(known.starts)
        for pid in known.starts.keys() - marks.keys():
            went(ProcessKey(pid, starts.pop(pid)))
        young: dict[int, int] = {}
        marked = {pid for pid, mark in marks.items() if known.marks.get(pid) != mark}
        for pid in sorted(marked | (known.young.keys() & marks.keys())):
            row, start = self._source.row(pid), starts.get(pid)
            if start is not None and (row is None or row.start_ticks != start):
                went(ProcessKey(pid, starts.pop(pid)))
            if row is None:
                continue
            if pid not in starts or known.young.get(pid, _program(row)) != _program(row):
                came(row)
            starts[pid] = row.start_ticks
            if self._source.age(row) < YOUNG_SECONDS:
                young[pid] = _program(row)
        return Sweep(marks, starts, young)


def _program(row: ProcessRow) -> int:
    return hash((row.exe, row.argv, row.uid, row.euid))


def _source(proc: str) -> Source:
    if sys.platform == "linux":
        from collectors.sources.process.procfs import ProcFs

        return ProcFs(proc)
    from collectors.sources.process.psutil_processes import PsutilProcesses

    return PsutilProcesses()
