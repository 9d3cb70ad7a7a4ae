"""Which account is at the other end of a connection within this machine."""

from __future__ import annotations

import sys


def peer_uid(peer: tuple[str, int], here: tuple[str, int]) -> int | None:
    """User id of the process that connected from `peer` to `here`; None where nobody can tell."""
    if sys.platform == "linux":
        from collectors.sources.socket.inet_diag import socket_uid

        try:
            return socket_uid(peer, here)
        except OSError:
            return None
    return _by_process(peer, here)


def _by_process(peer: tuple[str, int], here: tuple[str, int]) -> int | None:
    """By the processes' own sockets: slower, and only as far as this user may see them."""
    import psutil

    try:
        for row in psutil.net_connections("tcp"):
            if row.pid and tuple(row.laddr) == peer and tuple(row.raddr) == here:
                uids = getattr(psutil.Process(row.pid), "uids", None)
                return int(uids().real) if uids else None
    except (psutil.Error, OSError):
        pass
    return None
