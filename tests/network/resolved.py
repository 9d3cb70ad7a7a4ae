"""A stand-in for systemd-resolved's monitor: a real unix socket that speaks its varlink protocol."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from pathlib import Path
from typing import Any

A, CNAME, AAAA = 1, 5, 28
SUBSCRIBE, DUMP = "io.systemd.Resolve.Monitor.SubscribeQueryResults", "io.systemd.Resolve.Monitor.DumpCache"


def key(name: str, kind: int) -> dict[str, Any]:
    return {"class": 1, "type": kind, "name": name}


def item(name: str, kind: int, /, **data: Any) -> dict[str, Any]:
    return {"rr": {"key": key(name, kind), **data}, "raw": "AA==", "ifindex": 2}


PLAIN = {
    "state": "success",
    "question": [key("api.anthropic.com", A)],
    "answer": [item("api.anthropic.com", A, address=[160, 79, 104, 10])],
}
ALIASED = {
    "state": "success",
    "question": [key("edge.example.net", AAAA)],
    "collectedQuestions": [key("mcp.linear.app", AAAA), key("edge.example.net", AAAA)],
    "answer": [
        item("mcp.linear.app", CNAME, name="edge.example.net"),
        item("edge.example.net", AAAA, address=[0x26, 6, 0x47, 0, *[0] * 11, 1]),
    ],
}
FAILED = {"state": "rcode-failure", "rcode": 3, "question": [key("nowhere.example", A)]}
CACHE = {
    "protocol": "dns",
    "cache": [
        {"key": key("old.example", CNAME), "rrs": [item("old.example", CNAME, name="t.example")], "until": 1},
        {"key": key("t.example", A), "rrs": [item("t.example", A, address=[192, 0, 2, 7])], "until": 1},
        {"key": key("gone.example", A), "type": "nxdomain", "until": 1},
        {"key": key("loop.example", CNAME), "rrs": [item("loop.example", CNAME, name="loop.example")], "until": 1},
    ],
}


class Resolved:
    """A varlink service on a unix socket: each connection makes one call."""

    def __init__(self, path: Path, replies: list[bytes], dump: object = (CACHE,)) -> None:
        self.path = str(path)
        self.calls: list[dict[str, Any]] = []
        self.subscribed: list[socket.socket] = []
        self._replies = replies
        self._dump = dump
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.path)
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        self.hang_up()

    def hang_up(self) -> None:
        for connection in self.subscribed:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                request = b""
                while not request.endswith(b"\0"):
                    request += connection.recv(4096)
                call = json.loads(request[:-1])
                self.calls.append(call)
                if call["method"] == DUMP:
                    connection.sendall(json.dumps({"parameters": {"dump": self._dump}}).encode() + b"\0")
                    connection.close()
                    continue
                self.subscribed.append(connection)
                for reply in self._replies:
                    connection.sendall(reply)


def reply(parameters: object, more: bool = True) -> bytes:
    return json.dumps({"parameters": parameters, "continues": more}).encode() + b"\0"


READY = reply({"ready": True})
