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
        done = threading.Event()
        self.expired = False
        watch = threading.Thread(target=self._expire, args=(done, seconds), name="deadline", daemon=True)
        watch.start()
        try:
            yield
        finally:
            done.set()
            watch.join()

    def _expire(self, done: threading.Event, seconds: float) -> None:
        deadline, busy = time.monotonic() + seconds, time.process_time() + _BUSY_SECONDS
        while not done.wait(min(_LOOK_SECONDS, max(0.0, deadline - time.monotonic()))):
            if time.monotonic() >= deadline or time.process_time() >= busy:
                self.expired = True
                self._shut()

    def cut(self) -> None:
        """End what is under way, and whatever connects afterwards."""
        self._cut = True
        self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Not SSLSocket.shutdown, which would pull the TLS state from under the other thread.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
