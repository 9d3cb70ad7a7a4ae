"""Who else could change a file or folder that a privileged process relies on."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from agent.runtime.error import RollcallError

_ROOTS_GROUPS = {0, 80} if sys.platform == "darwin" else {0}
"""Whose members can become root: wheel, and admin on macOS."""


class UnsafeError(RollcallError):
    """Another account could put something else there; the text names the path, the account and the mend."""


def demand_ours(path: Path) -> None:
    """Raises `UnsafeError` where another account than this one and root could change what stands at `path`, or put
    another thing in its place. What does not exist is not looked at."""
    if os.name != "posix":
        return
    place = Path(os.path.abspath(path))
    real = Path(os.path.realpath(place))
    for start in dict.fromkeys((place, real)):
        for step in (start, *start.parents):
            _demand(step, below=step != start)


def _demand(path: Path, below: bool) -> None:
    try:
        status = path.lstat()
    except OSError:
        return
    if status.st_uid not in (0, os.geteuid()):
        raise UnsafeError(f"{path} belongs to user id {status.st_uid}, and not to root or the daemon's account")
    if stat.S_ISLNK(status.st_mode):
        return
    others = stat.S_IWOTH | (0 if status.st_gid in _ROOTS_GROUPS else stat.S_IWGRP)
    # In a folder with the sticky bit, such as /tmp, nobody can move or replace what another owns.
    if status.st_mode & others and not (below and status.st_mode & stat.S_ISVTX):
        mode = stat.S_IMODE(status.st_mode)
        raise UnsafeError(f"{path} can be written to by others (mode {mode:04o}): chmod go-w it")
