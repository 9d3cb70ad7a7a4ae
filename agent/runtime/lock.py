"""One instance at a time: a lock file that its holder's death frees."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import IO

from agent.runtime.error import RollcallError


class AlreadyRunningError(RollcallError):
    """Another daemon holds the lock of this state folder."""


def lock(path: Path, patience: float = 0.5) -> IO[str]:
    """The lock file, held until it is closed or this process ends. Raises `AlreadyRunningError`.

    Whoever only asks whether somebody holds it (`rollcall status`) holds it for a moment: hence the patience, in
    seconds.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return _locked(path)
        except AlreadyRunningError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.05)


def _locked(path: Path) -> IO[str]:
    file = path.open("a+", encoding="ascii")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise AlreadyRunningError(f"another daemon holds {path}") from None
    return file
