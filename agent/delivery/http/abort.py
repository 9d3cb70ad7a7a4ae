"""A way to end a request that hangs in another thread."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from agent.delivery.http.pins import PinError, check_pin

_BUSY_SECONDS = 5.0
_LOOK_SECONDS = 0.5


class ConnectionAborter:
    """Keeps hold of the newest connection's socket, learned through httpx's `trace` extension.

    Closing an `httpx.Client` does not wake a thread that waits in `recv`; shutting its socket down does.
    """

    def __init__(self, pins: tuple[str, ...] = ()) -> None:
        """`pins`: of which the other end must have one before anything is sent to it."""
        self._pins = pins
        self._socket: socket.socket | None = None
        self._cut = False
        self.expired = False
        """Whether the last context ended before its request did."""
        self._lock = threading.Lock()
        self._until: tuple[float, float] | None = None
        """When the request under way has had its time, and its share of the processor."""
        self._watched = False

    def watch(self, event: str, info: dict[str, Any]) -> None:
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")
            if event.endswith(".start_tls.complete"):
                self._check_key(info["return_value"].get_extra_info("ssl_object").getpeercert(True))
            if self._cut or self.expired:
                self._shut()

    def _check_key(self, certificate: bytes | None) -> None:
        try:
            check_pin(certificate, self._pins)
        except PinError:
            # What raises in a trace leaves the connection open.
            self._shut()
            raise

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Ends what is under way in the context after so many seconds, or once it has kept the processor busy: httpx
        bounds each wait, and a header that trickles in, or one interim answer after the other, never ends."""
        with self._lock:
            self.expired = False
            self._until = time.monotonic() + seconds, time.process_time() + _BUSY_SECONDS
            if not self._watched:
                self._watched = True
                threading.Thread(target=self._expire, name="deadline", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                self._until = None

    def _expire(self) -> None:
        """Looks after one request after the other, and ends where it finds none: a thread for each would cost more
        than the request's own work."""
        while True:
            with self._lock:
                if self._until is None:
                    self._watched = False
                    return
                left, busy = self._until[0] - time.monotonic(), self._until[1]
                if left <= 0 or time.process_time() >= busy:
                    self.expired = True
                    self._shut()
            time.sleep(min(_LOOK_SECONDS, left) if left > 0 else _LOOK_SECONDS)

    def cut(self) -> None:
        """End what is under way, and whatever connects afterwards."""
        self._cut = True
        self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Not SSLSocket.shutdown, which would pull the TLS state from under the other thread.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
