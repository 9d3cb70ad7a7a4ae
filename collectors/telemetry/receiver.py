"""The loopback port on which clients' own telemetry is received: OTLP/HTTP, logs and traces."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress

from collectors.catalog.client import Client
from collectors.sources.socket.peer import peer_uid
from collectors.telemetry.http import Exchange, RefusedError
from collectors.telemetry.inbox import Inbox, Request
from collectors.telemetry.otlp import PATHS
from collectors.telemetry.protobuf import MalformedError
from collectors.telemetry.reader import TelemetryReader

_ADDRESS = "127.0.0.1"
_BACKLOG = 32
_REST = 4
"""Pause after a request, as a multiple of the processor time that it took: a fifth of one core at most."""


class Receiver:
    """One thread that reads one request at a time. Whose it is the kernel says: none can speak for another account."""

    def __init__(self, clients: Iterable[Client], port: int) -> None:
        """Begins to receive; `port` 0 takes any that is free. Raises `OSError` where the port is taken."""
        self.inbox = Inbox()
        self._reader = TelemetryReader(clients)
        self._socket = socket.create_server((_ADDRESS, port), backlog=_BACKLOG)
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Receive nothing more; what was not made durable is refused."""
        self._wake.close()
        self._thread.join()
        self._woken.close()
        self._socket.close()
        self.inbox.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while all(key.fileobj is not self._woken for key, _ in selector.select()):
                before = time.thread_time()
                with suppress(OSError):
                    connection, peer = self._socket.accept()
                    self._exchange(connection, peer)
                time.sleep(_REST * (time.thread_time() - before))

    def _exchange(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        exchange = Exchange(connection)
        try:
            self._receive(exchange, peer)
        except RefusedError as refused:
            exchange.answer(refused.status)
        except OSError:
            connection.close()
            raise

    def _receive(self, exchange: Exchange, peer: tuple[str, int]) -> None:
        uid = peer_uid(peer, (_ADDRESS, self.port))
        if uid is None:
            raise RefusedError(403)
        posted = exchange.read()
        if posted.path not in PATHS:
            raise RefusedError(404)
        try:
            heard = self._reader.read(uid, posted.path, posted.body, is_json=posted.is_json)
        except MalformedError as error:
            raise RefusedError(400) from error
        if heard:
            self.inbox.put(Request(heard, lambda durable: exchange.answer(200 if durable else 503)))
        else:
            exchange.answer(200)
