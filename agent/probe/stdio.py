"""A server as a process in a sandbox, spoken to by lines."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import time
from collections import deque
from typing import Final

from agent.probe.conversation import ClosedError, Message, ProbeError
from agent.probe.enter import NO_SANDBOX
from agent.probe.messages import MAX_MESSAGE, Question
from agent.probe.sandbox import Sandbox

_AT_ONCE: Final = 65_536
_MOST_BYTES: Final = 4 * MAX_MESSAGE
"""Of all that a server says."""
_LAST_WORDS: Final = 2_000
_LOOK_SECONDS: Final = 0.1
"""Between looks at what the sandbox uses."""


class Stdio:
    """Reads no more than it is bound to, whatever comes."""

    def __init__(self, question: Question) -> None:
        """Raises `ProbeError`."""
        self._sandbox = Sandbox(question)
        self._process = self._sandbox.process
        self._lines: deque[bytes] = deque()
        self._begun = b""
        self._read = 0
        self._said = b""
        self._selector = selectors.DefaultSelector()
        for stream, name in ((self._process.stdout, "out"), (self._process.stderr, "error")):
            assert stream is not None
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream.fileno(), selectors.EVENT_READ, name)

    def send(self, message: Message, version: str, deadline: float) -> None:
        data = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        stream = self._process.stdin
        assert stream is not None
        os.set_blocking(stream.fileno(), False)
        while data:
            try:
                data = data[os.write(stream.fileno(), data) :]
            except BlockingIOError:
                self._wait(deadline)
            except OSError:
                raise self._closed() from None

    def receive(self, deadline: float) -> Message:
        while True:
            while self._lines:
                if (message := _message(self._lines.popleft())) is not None:
                    return message
            self._wait(deadline)

    def close(self) -> None:
        self._selector.close()
        self._sandbox.close()

    @property
    def last_words(self) -> str:
        """The end of what it wrote to its standard error."""
        return self._said.decode("utf-8", "replace")

    def _wait(self, deadline: float) -> None:
        """Take what comes in the next moment. Raises `TimeoutError`, `ProbeError`."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if trouble := self._sandbox.overuse():
            raise ProbeError(trouble)
        ready = self._selector.select(min(left, _LOOK_SECONDS))
        if not ready and self._process.poll() is not None:
            raise self._closed()
        for key, _ in ready:
            try:
                data = os.read(key.fd, _AT_ONCE)
            except BlockingIOError:
                continue
            if not data:
                self._selector.unregister(key.fd)
                if key.data == "out":
                    raise self._closed()
            elif key.data == "out":
                self._take(data)
            else:
                self._said = (self._said + data)[-_LAST_WORDS:]

    def _take(self, data: bytes) -> None:
        self._read += len(data)
        if self._read > _MOST_BYTES:
            raise ProbeError(f"it wrote more than {_MOST_BYTES >> 20} MB")
        *whole, rest = data.split(b"\n")
        if whole:
            self._lines.append(self._begun + whole[0])
            self._lines.extend(whole[1:])
            self._begun = rest
        else:
            self._begun += rest
        if len(self._begun) > MAX_MESSAGE:
            raise ProbeError(f"it wrote a line of more than {MAX_MESSAGE >> 20} MB")

    def _closed(self) -> ClosedError:
        try:
            status = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return ClosedError("it closed its output")
        for _ in range(20):  # what it said last may explain it
            if not self._selector.select(0.05):
                break
            for key, _ in self._selector.select(0):
                data = os.read(key.fd, _AT_ONCE)
                if data and key.data == "error":
                    self._said = (self._said + data)[-_LAST_WORDS:]
                elif not data:
                    self._selector.unregister(key.fd)
        if status == NO_SANDBOX and self._said.startswith(b"sandbox: "):
            return ClosedError(f"it could not be started in its sandbox: {self.last_words[9:].strip()}")
        return ClosedError(f"it ended, with status {status}" if status >= 0 else f"signal {-status} ended it")


def _message(line: bytes) -> Message | None:
    """A line as a message; None for what is none: people print into their protocol."""
    if len(line) > MAX_MESSAGE:
        raise ProbeError(f"it wrote a line of more than {MAX_MESSAGE >> 20} MB")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
