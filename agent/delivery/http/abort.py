"""A way to end a request that hangs in another thread."""

from __future__ import annotations

import contextlib
import socket
from typing import Any


class ConnectionAborter:
    """Keeps hold of the newest connection's socket, learned through httpx's `trace` extension.

    Closing an `httpx.Client` does not wake a thread that waits in `recv`; shutting its socket down does.
    """

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._cut = False

    def watch(self, event: str, info: dict[str, Any]) -> None:
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")
            if self._cut:
                self.cut()

    def cut(self) -> None:
        """End what is under way, and whatever connects afterwards."""
        self._cut = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Not SSLSocket.shutdown, which would pull the TLS state from under the other thread.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
