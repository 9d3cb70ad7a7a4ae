"""A proxy that ends only its own half of a connection, or never ends an answer: what nginx itself never does."""

from __future__ import annotations

import re
import socket
import socketserver
import ssl
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"(?i)(content-length: *)(\d+)")


class HalfOpen(socketserver.ThreadingTCPServer):
    """Listens until `stop`. `fault` is what it does: `half` or `open`."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, fault: str, certificate: Path, upstream: str) -> None:
        self.fault, self.over = fault, threading.Event()
        self.upstream = urlsplit(upstream)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate)
        super().__init__(("127.0.0.1", port), _Connection, bind_and_activate=False)
        self._listen()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def _listen(self) -> None:
        """As soon as the workers of an nginx that was killed have let go of the port."""
        deadline = time.monotonic() + 60
        while True:
            try:
                self.server_bind()
                return self.server_activate()
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def stop(self) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """Whoever gave up first: no fault of a test."""


class _Connection(socketserver.BaseRequestHandler):
    server: HalfOpen

    def handle(self) -> None:
        with self.server.tls.wrap_socket(self.request, server_side=True) as peer:
            if self.server.fault == "half":
                peer.recv(100)
                # The end of what it says, while it goes on to take what comes and closes nothing.
                socket.socket.shutdown(peer, socket.SHUT_WR)
            else:
                peer.sendall(_longer(self._relayed(_message(peer))))
            self.server.over.wait()

    def _relayed(self, request: bytes) -> bytes:
        """The answer to a request that did come to its end."""
        target = self.server.upstream
        upstream = socket.create_connection((target.hostname, target.port))
        if target.scheme == "https":
            # Like nginx, which does not ask for more either.
            upstream = ssl._create_unverified_context().wrap_socket(upstream)
        with upstream:
            upstream.sendall(request)
            return _message(upstream)


def _message(peer: socket.socket) -> bytes:
    """Head and body of a request or an answer."""
    got = b""
    while not (b"\r\n\r\n" in got and len(got.partition(b"\r\n\r\n")[2]) >= _length(got)):
        piece = peer.recv(65_536)
        if not piece:
            break
        got += piece
    return got


def _length(message: bytes) -> int:
    found = _LENGTH.search(message)
    return int(found[2]) if found else 0


def _longer(answer: bytes) -> bytes:
    """As if one more byte were to come."""
    return _LENGTH.sub(lambda found: b"%s%d" % (found[1], int(found[2]) + 1), answer, count=1)
