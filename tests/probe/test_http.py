"""Servers at an address: redirects within the host are followed and no others, and whatever comes is bounded."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from agent.probe.ask import answer
from agent.probe.http import same_host
from agent.probe.messages import Question

Handle = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


class Site(ThreadingHTTPServer):
    """A server whose answer to each path is a function; it keeps who came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.paths: dict[str, Handle] = {}
        self.came: list[tuple[str, str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        self._answer(body)

    def do_GET(self) -> None:
        self._answer({})

    def _answer(self, body: dict[str, Any]) -> None:
        site: Any = self.server
        site.came.append((self.command, self.path, dict(self.headers)))
        site.paths.get(self.path, lambda handler, _: reply(handler, 404))(self, body)


def reply(handler: BaseHTTPRequestHandler, status: int, body: object = None, **headers: str) -> None:
    data = b"" if body is None else json.dumps(body).encode()
    handler.send_response(status)
    for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(data)


def ordinary(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    """A server of the newest version."""
    results: dict[str, Any] = {
        "server/discover": {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}},
        "tools/list": {"tools": [{"name": "t", "inputSchema": {"type": "object"}}]},
    }
    reply(handler, 200, {"jsonrpc": "2.0", "id": body["id"], "result": results[body["method"]]})


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def ask(url: str, kind: Any = "http", **more: Any) -> Any:
    return answer(Question(kind, url=url, seconds=8.0, **more))


def to(where: str, status: int = 307) -> Handle:
    return lambda handler, _: reply(handler, status, Location=where)


def test_the_newest_protocol_is_spoken_first(site: Site) -> None:
    site.paths["/mcp"] = ordinary
    told = ask(site.url + "/mcp", headers=(("X-Key", "given"),))
    assert (told.kind, told.protocol, [tool.name for tool in told.tools]) == ("tools", "2026-07-28", ["t"]), told
    methods = [headers["Mcp-Method"] for _, _, headers in site.came]
    assert methods == ["server/discover", "tools/list"]
    assert {headers["MCP-Protocol-Version"] for _, _, headers in site.came} == {"2026-07-28"}
    assert {headers["X-Key"] for _, _, headers in site.came} == {"given"}


def test_a_redirect_within_the_host_is_followed(site: Site) -> None:
    site.paths |= {"/old": to("/mcp"), "/mcp": ordinary}
    assert ask(site.url + "/old").kind == "tools"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_not(site: Site, status: int) -> None:
    other = Site()
    threading.Thread(target=other.serve_forever, daemon=True).start()
    other.paths["/mcp"] = ordinary
    site.paths["/mcp"] = to(f"http://localhost:{other.server_port}/mcp", status)
    told = ask(site.url + "/mcp", headers=(("X-Key", "secret"),))
    other.shutdown()
    assert (told.kind, told.reason) == ("failed", "it leads to another host, where nobody said to ask")
    assert other.came == []


def test_a_circle_ends(site: Site) -> None:
    site.paths["/mcp"] = to("/mcp")
    assert ask(site.url + "/mcp").reason == "it leads from place to place"


def test_who_must_sign_in_is_told(site: Site) -> None:
    site.paths["/mcp"] = lambda handler, _: reply(handler, 401)
    assert ask(site.url + "/mcp").reason == "it asks who we are (HTTP 401)"


def test_an_endless_answer_is_cut(site: Site) -> None:
    def endless(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Connection", "close")
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b" " * 1_000_000)
        except OSError:
            handler.close_connection = True

    site.paths["/mcp"] = endless
    assert ask(site.url + "/mcp").reason == "it sent more than 32 MB"


def test_a_stream_that_names_another_host_is_not_followed(site: Site) -> None:
    def stream(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        data = b"event: endpoint\ndata: http://localhost:9/send\n\n"
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    site.paths["/sse"] = stream
    assert ask(site.url + "/sse", "sse").reason == "it names no address of its own to send to"


def test_nobody_there_is_told_in_our_words() -> None:
    assert ask("http://127.0.0.1:9/mcp").reason == "it cannot be reached: ConnectError"


@pytest.mark.parametrize(
    "one, other, same",
    [
        ("https://a.test/x", "https://a.test/y", True),
        ("http://a.test/x", "https://a.test/x", True),
        ("https://a.test/x", "http://a.test/x", False),
        ("https://a.test/x", "https://b.test/x", False),
        ("https://a.test/x", "https://a.test:8443/x", False),
        ("https://a.test/x", "https://a.test.evil.test/x", False),
        ("https://a.test/x", "https://u@b.test:443/x", False),
        ("https://a.test/x", "https://[", False),
    ],
)
def test_hosts_are_compared_whole(one: str, other: str, same: bool) -> None:
    assert same_host(one, other) is same
