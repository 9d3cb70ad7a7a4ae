"""One instance at a time: a lock file that its holder's death frees."""

from __future__ import annotations

import errno
import os
import stat
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
    file = os.fdopen(_opened(path), "a+", encoding="ascii")
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


def _opened(path: Path) -> int:
    """The file itself, no link: whoever may open it could hold the lock, so only its owner may."""
    extra = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | extra, 0o600)
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
        descriptor = os.open(path, os.O_RDONLY | extra)  # its holder may live on a disk that became read-only
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no regular file", str(path))
    if hasattr(os, "geteuid") and status.st_uid == os.geteuid() and status.st_mode & 0o077:
        os.fchmod(descriptor, 0o600)  # an earlier version left it readable
    return descriptor
