"""macOS and Windows: process rows from psutil."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import psutil

from collectors.sources.process.row import ProcessRow
from collectors.sources.process.words import MOST_WORDS, kept

T = TypeVar("T")


class PsutilProcesses:
    """All processes this user may see."""

    def marks(self) -> dict[int, int]:
        """Ids only: an id given to another process between two looks goes unnoticed until all rows are read."""
        return dict.fromkeys(psutil.pids(), 0)

    def age(self, row: ProcessRow) -> float:
        return time.time() - row.started

    def row(self, pid: int) -> ProcessRow | None:
        try:
            process = psutil.Process(pid)
            with process.oneshot():
                if process.status() == psutil.STATUS_ZOMBIE:
                    return None
                return _row(process)
        except (psutil.Error, OSError):
            return None


def _row(process: psutil.Process) -> ProcessRow:
    started = process.create_time()
    # Windows has no such ids, and psutil not the method.
    uids = _allowed(process.uids) if hasattr(process, "uids") else None
    owner = _allowed(process.username)
    exe = _allowed(process.exe)
    return ProcessRow(
        pid=process.pid,
        started=started,
        start_ticks=round(started * 1_000_000),
        ppid=process.ppid(),
        uid=uids.real if uids else None,
        euid=uids.effective if uids else None,
        owner=_text(owner) if owner else None,
        name=_text(process.name()),
        exe=_text(exe) if exe else None,
        argv=kept(map(_text, (_allowed(process.cmdline) or [])[:MOST_WORDS])),
        cwd=_text(cwd) if (cwd := _allowed(process.cwd)) else None,
    )


def _allowed(read: Callable[[], T]) -> T | None:
    """None for what this user may not see; a process that is gone stays an error."""
    try:
        return read()
    except (psutil.AccessDenied, OSError):
        return None


def _text(raw: str) -> str:
    """Text without lone surrogates, which no JSON encoder takes."""
    return raw.encode("utf-8", "replace").decode("utf-8")
