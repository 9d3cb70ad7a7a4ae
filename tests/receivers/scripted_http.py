"""An HTTP server on loopback that answers as a test says, and keeps what it was sent."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Request:
    """What was posted, unpacked."""

    path: str
    headers: dict[str, str]
    body: bytes


Reply = tuple[int, Any]
Answering = Callable[[Request], Reply]


@dataclass
class Scripted:
    """Where it listens, and what it heard."""

    url: str
    heard: list[Request] = field(default_factory=list)


@contextmanager
def scripted(answering: Answering) -> Iterator[Scripted]:
    """Runs until the context ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            packed = self.rfile.read(int(self.headers["Content-Length"]))
            request = Request(self.path, {k.lower(): v for k, v in self.headers.items()}, gzip.decompress(packed))
            found.heard.append(request)
            status, answer = answering(request)
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on the test's output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Scripted(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
