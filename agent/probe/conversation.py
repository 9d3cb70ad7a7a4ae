"""The few words of the Model Context Protocol that a list of tools takes. Whatever the server says is hostile input."""

from __future__ import annotations

import time
from typing import Any, Final, Protocol

from agent import __version__
from agent.probe.messages import MAX_TOOLS
from agent.runtime.error import RollcallError

Message = dict[str, Any]

_STATELESS: Final = "2026-07-28"
_WITH_HANDSHAKE: Final = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
_ABOUT_US: Final = {"name": "rollcall", "version": __version__}
_DISCOVER_SECONDS: Final = 15.0
"""For servers that do not know the question and say nothing: they are asked the older way then."""
_MOST_PAGES: Final = 500
_MOST_MESSAGES: Final = 2_000
"""Of a server between a question and its answer."""
_NO_SUCH_METHOD: Final = -32601


class ProbeError(RollcallError):
    """The server did not answer as one does; the text says how, and quotes nothing."""


class ClosedError(ProbeError):
    """The server ended the conversation."""


class Transport(Protocol):
    """A way to a server."""

    def send(self, message: Message, version: str, deadline: float) -> None:
        """Raises `ProbeError`."""
        ...

    def receive(self, deadline: float) -> Message:
        """The next message. Raises `ProbeError`, `TimeoutError`."""
        ...

    def close(self) -> None: ...


class Conversation:
    """Asks for the tools, the newest way first."""

    def __init__(self, transport: Transport, deadline: float) -> None:
        self._transport, self._deadline = transport, deadline
        self._last = 0
        self.version = ""
        self.notes: list[str] = []
        self.complete = True

    def open(self, handshake_only: bool = False) -> None:
        """Agree on a version of the protocol. Raises `ProbeError`."""
        if not handshake_only and self._discovered(min(self._deadline, time.monotonic() + _DISCOVER_SECONDS)):
            return
        self.version = ""
        try:
            self._shake_hands()
        except _RefusedError:
            # It may have been too slow for the first question, and have taken that for its answer all the same.
            if handshake_only or not self._discovered(self._deadline):
                raise

    def tools(self) -> list[object]:
        """The entries of all pages, as they are told. Raises `ProbeError`."""
        found: list[object] = []
        cursor: object = None
        seen: set[str] = set()
        for _ in range(_MOST_PAGES):
            page = self._ask("tools/list", {"cursor": cursor} if cursor else {})
            entries = page.get("tools")
            if not isinstance(entries, list):
                raise ProbeError("its list of tools is no list")
            found += entries[: MAX_TOOLS - len(found)]
            cursor = page.get("nextCursor")
            if len(found) >= MAX_TOOLS or not isinstance(cursor, str) or not cursor or cursor in seen:
                break
            seen.add(cursor)
        if cursor or len(found) >= MAX_TOOLS:
            self.complete = False
            self.note(f"it offers more than the {len(found)} tools that were taken, or repeats itself")
        return found

    def note(self, text: str) -> None:
        """Keep what the server did, once."""
        if text not in self.notes and len(self.notes) < 20:
            self.notes.append(text)

    def _discovered(self, until: float) -> bool:
        """Whether the server knows the question of the version without a handshake."""
        self.version = _STATELESS
        try:
            said = self._ask("server/discover", {}, until)
        except (_RefusedError, TimeoutError):
            return False
        versions = said.get("supportedVersions")
        return isinstance(versions, list) and _STATELESS in versions

    def _shake_hands(self) -> None:
        wanted = {"protocolVersion": _WITH_HANDSHAKE[0], "capabilities": {}, "clientInfo": _ABOUT_US}
        said = self._ask("initialize", wanted)
        version = said.get("protocolVersion")
        if version not in _WITH_HANDSHAKE:
            raise ProbeError("it speaks no version of the protocol that is known here")
        self.version = str(version)
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        if not isinstance(said.get("capabilities"), dict) or "tools" not in said["capabilities"]:
            self.note("it says that it offers no tools")

    def _ask(self, method: str, params: Message, deadline: float | None = None) -> Message:
        """The result of a request. Raises `ProbeError`, and `TimeoutError` at an earlier deadline."""
        self._last += 1
        until = self._deadline if deadline is None else deadline
        self._send({"jsonrpc": "2.0", "id": self._last, "method": method, "params": self._stamped(params)}, until)
        for _ in range(_MOST_MESSAGES):
            said = self._next(until)
            if "method" in said:
                self._refuse(said)
            elif said.get("id") == self._last:
                if isinstance(said.get("result"), dict):
                    return self._result(said["result"])
                error = said.get("error")
                code = error.get("code") if isinstance(error, dict) else None
                raise _RefusedError(f"it refused {method} ({code if isinstance(code, int) else 'without a code'})")
        raise ProbeError(f"it sent {_MOST_MESSAGES} messages in place of an answer")

    def _result(self, result: Message) -> Message:
        if result.get("resultType") == "input_required":
            self.note("it asked for sampling, elicitation or roots: refused")
            raise _RefusedError("it answers only after it was given something")
        return result

    def _next(self, until: float) -> Message:
        try:
            return self._transport.receive(until)
        except TimeoutError:
            if until < self._deadline:
                raise
            raise ProbeError("it did not answer in time") from None

    def _refuse(self, said: Message) -> None:
        """Whatever the server asks of its client is refused; being there is not."""
        method = said.get("method")
        if "id" not in said:
            return
        if method == "ping":
            self._send({"jsonrpc": "2.0", "id": said["id"], "result": {}})
            return
        what = {"sampling/createMessage": "sampling", "elicitation/create": "elicitation", "roots/list": "roots"}
        self.note(f"it asked for {what.get(str(method), 'something else')}: refused")
        error = {"code": _NO_SUCH_METHOD, "message": "not offered"}
        self._send({"jsonrpc": "2.0", "id": said["id"], "error": error})

    def _send(self, message: Message, until: float | None = None) -> None:
        try:
            self._transport.send(message, self.version, self._deadline if until is None else until)
        except TimeoutError:
            if until is not None and until < self._deadline:
                raise
            raise ProbeError("it does not take what it is sent, or does not answer") from None

    def _stamped(self, params: Message) -> Message:
        """The parameters with what every request carries since there is no handshake."""
        if self.version != _STATELESS:
            return params
        told = {"protocolVersion": _STATELESS, "clientInfo": _ABOUT_US, "clientCapabilities": {}}
        return {**params, "_meta": {f"io.modelcontextprotocol/{name}": value for name, value in told.items()}}


class _RefusedError(ProbeError):
    """The server answered with an error."""
