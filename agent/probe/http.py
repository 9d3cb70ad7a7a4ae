"""A server at an address: streamable HTTP, and the older pair of an event stream and an address to send to."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx

from agent.probe.conversation import ClosedError, Message, ProbeError
from agent.probe.messages import MAX_MESSAGE, Question

_STEP_SECONDS: Final = 10.0
_MOST_REDIRECTS: Final = 3
_ACCEPT: Final = {"Accept": "application/json, text/event-stream"}


class _Address:
    """Sends requests to one address, and to no other host than that."""

    def __init__(self, question: Question) -> None:
        self.url = question.url
        self._headers = dict(question.headers)
        self._client = httpx.Client(timeout=_STEP_SECONDS, trust_env=True, follow_redirects=False)
        self._read = 0

    def open(
        self, stack: ExitStack, method: str, url: str, headers: dict[str, str], body: Message | None
    ) -> httpx.Response:
        """The response, with redirects within the host followed. Raises `ProbeError`."""
        for _ in range(_MOST_REDIRECTS + 1):
            request = self._client.stream(method, url, headers={**self._headers, **headers}, json=body)
            try:
                response = stack.enter_context(request)
            except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
                raise ProbeError(f"it cannot be reached: {type(error).__name__}") from None
            if response.status_code not in (301, 302, 303, 307, 308):
                return response
            target = urljoin(url, response.headers.get("Location", ""))
            if not same_host(url, target):
                raise ProbeError("it leads to another host, where nobody said to ask")
            if response.status_code not in (307, 308) and method != "GET":
                raise ProbeError("it leads elsewhere in a way that loses the question")
            url = target
        raise ProbeError("it leads from place to place")

    def pieces(self, response: httpx.Response, deadline: float) -> Iterator[bytes]:
        """The body, as it comes. Raises `ProbeError`, `TimeoutError`."""
        try:
            for piece in response.iter_bytes():
                self._read += len(piece)
                if self._read > 4 * MAX_MESSAGE:
                    raise ProbeError(f"it sent more than {4 * MAX_MESSAGE >> 20} MB")
                yield piece
                if time.monotonic() > deadline:
                    raise TimeoutError
        except httpx.TimeoutException:
            raise TimeoutError from None
        except (httpx.HTTPError, OSError) as error:
            raise ProbeError(f"the connection broke: {type(error).__name__}") from None

    def events(self, response: httpx.Response, deadline: float) -> Iterator[tuple[str, str]]:
        """Kind and data of each event of a stream."""
        kind, data, rest = "message", list[str](), b""
        for piece in self.pieces(response, deadline):
            rest += piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            if len(rest) > MAX_MESSAGE or sum(map(len, data)) > MAX_MESSAGE:
                raise ProbeError(f"it sent a message of more than {MAX_MESSAGE >> 20} MB")
            *lines, rest = rest.split(b"\n")
            for line in lines:
                name, _, value = line.decode("utf-8", "replace").partition(":")
                if not line:
                    if data:
                        yield kind, "\n".join(data)
                    kind, data = "message", []
                elif name == "event":
                    kind = value.strip()
                elif name == "data":
                    data.append(value.removeprefix(" "))

    def close(self) -> None:
        self._client.close()


class Http:
    """Streamable HTTP: each message is a request, whose response may be a stream of messages."""

    def __init__(self, question: Question) -> None:
        self._address, self._question = _Address(question), question
        self._received: deque[Message] = deque()
        self._session = ""
        self._older: Sse | None = None

    def send(self, message: Message, version: str, deadline: float) -> None:
        if self._older:
            self._older.send(message, version, deadline)
            return
        headers = {**_ACCEPT, **self._protocol(message, version)}
        with ExitStack() as stack:
            response = self._address.open(stack, "POST", self._address.url, headers, message)
            self._session = response.headers.get("Mcp-Session-Id", self._session)
            if response.status_code >= 400:
                self._failed(response, message, version, deadline)
            elif "id" in message and "method" in message:
                self._take(response, message, deadline)
                if not self._received:
                    self._received.append({"id": message["id"], "error": {"code": response.status_code}})

    def receive(self, deadline: float) -> Message:
        if self._older:
            return self._older.receive(deadline)
        if self._received:
            return self._received.popleft()
        raise ProbeError("it sent no answer")

    def close(self) -> None:
        self._address.close()
        if self._older:
            self._older.close()

    def _protocol(self, message: Message, version: str) -> dict[str, str]:
        headers = {"MCP-Protocol-Version": version} if version else {}
        if version and "method" in message and not self._session:
            headers["Mcp-Method"] = str(message["method"])
        return headers | ({"Mcp-Session-Id": self._session} if self._session else {})

    def _take(self, response: httpx.Response, message: Message, deadline: float) -> None:
        if response.headers.get("Content-Type", "").startswith("text/event-stream"):
            for kind, data in self._address.events(response, deadline):
                if kind == "message" and (said := parsed(data)) is not None:
                    self._received.append(said)
                    if said.get("id") == message["id"] and "method" not in said:
                        return
            return
        body = b"".join(self._address.pieces(response, deadline))
        if len(body) > MAX_MESSAGE:
            raise ProbeError(f"it sent a message of more than {MAX_MESSAGE >> 20} MB")
        if (said := parsed(body)) is not None:
            self._received.append(said)

    def _failed(self, response: httpx.Response, message: Message, version: str, deadline: float) -> None:
        """An error of HTTP: the protocol's own where one is in it, else one in its words; to the first word of a
        handshake perhaps that of a server of the older kind."""
        status = response.status_code
        if status in (401, 403):
            raise ProbeError(f"it asks who we are (HTTP {status})")
        body = b"".join(self._address.pieces(response, deadline)) if response.headers.get("Content-Type") else b""
        said = parsed(body)
        if said is not None and isinstance(said.get("error"), dict):
            self._received.append({**said, "id": message.get("id")})
        elif message.get("method") == "initialize" and status in (400, 404, 405):
            self._older = Sse(self._question)
            self._older.send(message, version, deadline)
        elif "method" in message and "id" in message:
            self._received.append({"id": message["id"], "error": {"code": status}})


class Sse:
    """The pair of 2024: a stream of events that names an address to send to."""

    def __init__(self, question: Question) -> None:
        self._address = _Address(question)
        self._stack = ExitStack()
        self._events: Iterator[tuple[str, str]] | None = None
        self._to = ""
        self._deadline = time.monotonic() + question.seconds

    def send(self, message: Message, version: str, deadline: float) -> None:
        self._open()
        with ExitStack() as stack:
            response = self._address.open(stack, "POST", self._to, {}, message)
            if response.status_code >= 400:
                raise ProbeError(f"it refused a message (HTTP {response.status_code})")

    def receive(self, deadline: float) -> Message:
        try:
            for kind, data in self._open():
                if kind == "message" and (said := parsed(data)) is not None:
                    return said
                if time.monotonic() > deadline:
                    raise TimeoutError
        except TimeoutError:  # a stream that was silent for too long is over
            raise ClosedError("it did not answer in time") from None
        raise ClosedError("its stream ended")

    def close(self) -> None:
        self._stack.close()
        self._address.close()

    def _open(self) -> Iterator[tuple[str, str]]:
        if self._events is None:
            response = self._address.open(self._stack, "GET", self._address.url, {"Accept": "text/event-stream"}, None)
            if response.status_code != 200:
                raise ProbeError(f"it cannot be asked (HTTP {response.status_code})")
            self._events = self._address.events(response, self._deadline)
            kind, data = next(self._events, ("", ""))
            self._to = urljoin(self._address.url, data)
            if kind != "endpoint" or not same_host(self._address.url, self._to):
                raise ProbeError("it names no address of its own to send to")
        return self._events


def same_host(one: str, other: str) -> bool:
    """Whether both addresses are of one host, and the second is no less protected."""
    try:
        a, b = urlsplit(one), urlsplit(other)
        ports = [parts.port or {"https": 443, "http": 80}.get(parts.scheme) for parts in (a, b)]
    except ValueError:
        return False
    upgraded = (a.scheme, b.scheme) == ("http", "https")
    return a.hostname == b.hostname and (upgraded or (a.scheme == b.scheme and ports[0] == ports[1]))


def parsed(text: str | bytes) -> Message | None:
    """A text as a message; None for what is none."""
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
