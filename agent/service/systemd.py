"""What a service manager expects: readiness and watchdog messages, and one instance at a time."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path
from typing import IO


def notify(state: str) -> None:
    """Tell systemd, as sd_notify(3) does; nothing happens where nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address or not hasattr(socket, "AF_UNIX"):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.settimeout(1)
        try:
            channel.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError:
            return


def watchdog_seconds() -> float | None:
    """How often the watchdog wants to hear from this process: half of its patience; None without a watchdog."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    meant_for = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    return int(microseconds) / 2_000_000 if microseconds.isdigit() and meant_for == str(os.getpid()) else None


class AlreadyRunning(Exception):
    """Another daemon holds the lock of this state folder."""


def lock(path: Path, patience: float = 0.5) -> IO[str]:
    """The lock file, held until it is closed or this process ends. Raises `AlreadyRunning`.

    Whoever only asks whether somebody holds it (`rollcall status`) holds it for a moment: hence the patience, in
    seconds.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return _locked(path)
        except AlreadyRunning:
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
        raise AlreadyRunning(str(path)) from None
    return file
