"""The service that asks a program for Rollcall's own: a question by a socket that systemd hands it, its answer."""

from __future__ import annotations

import os
import socket
import struct
import sys
from typing import Final

_RUNTIME: Final = "/run/rollcall"
"""Belongs to the account that the service has while it runs."""


def main() -> None:
    """Asked by anybody else it says nothing."""
    with socket.socket(fileno=os.dup(0)) as peer:
        if not _may_ask(peer):
            sys.exit("asked by somebody else than rollcall.service")
    from agent.probe import ask

    ask.main()


def _may_ask(peer: socket.socket) -> bool:
    size = struct.calcsize("3i")
    user = int(struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))[1])
    try:
        return user == 0 or user == os.stat(_RUNTIME).st_uid
    except OSError:
        return False


if __name__ == "__main__":
    main()
