"""What a service manager expects: readiness and watchdog messages."""

from __future__ import annotations

import os
import socket


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


def is_service() -> bool:
    """Whether a service manager started this process, and will again when it ends: systemd or launchd."""
    return bool(os.environ.get("NOTIFY_SOCKET") or os.environ.get("XPC_SERVICE_NAME", "0") != "0")


def watchdog_seconds() -> float | None:
    """How often the watchdog wants to hear from this process: half of its patience; None without a watchdog."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    meant_for = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    return int(microseconds) / 2_000_000 if microseconds.isdigit() and meant_for == str(os.getpid()) else None
