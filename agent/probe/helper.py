"""One program being asked by a service beside this one, which may make namespaces where this one may not."""

from __future__ import annotations

import os
import socket
import stat
import time
from typing import Final

from agent.probe.messages import Answer, Question, answer_json, question_json

SOCKET: Final = "/run/rollcall-probe/socket"
"""Of rollcall-probe.socket, in a folder that only root and this service come through."""
_LONGER: Final = 30.0
_ANSWER_BYTES: Final = 64 << 20
_TURN: Final = 5.0
"""Seconds that either side may take to go on with what it has begun to say."""


def is_there() -> bool:
    """Whether such a service listens on this machine."""
    try:
        return stat.S_ISSOCK(os.stat(SOCKET).st_mode)
    except OSError:
        return False


class HelperRun:
    """What `ProbeRun` is, in another service."""

    def __init__(self, question: Question) -> None:
        """Raises `OSError` where nobody takes the question."""
        self._deadline = time.monotonic() + question.seconds + _LONGER
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(_TURN)
        try:
            self._socket.connect(SOCKET)
            self._socket.sendall(question_json().dump_json(question))
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._socket.close()
            raise

    def answer(self) -> Answer | None:
        """The answer; None where there is none yet."""
        try:
            self._socket.settimeout(0.0)
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            if time.monotonic() < self._deadline:
                return None
        except OSError:
            pass
        try:
            return answer_json().validate_json(self._all())
        except (OSError, ValueError):
            return Answer("failed", "rollcall-probe.service gave no answer: its log may say why")
        finally:
            self.close()

    def close(self) -> None:
        """Give up. Whoever asks there is bounded by its service."""
        self._socket.close()

    def _all(self) -> bytes:
        """It is written at once: there is nothing to wait for in between. Raises `OSError`."""
        self._socket.settimeout(_TURN)
        said = bytearray()
        while len(said) < _ANSWER_BYTES and (more := self._socket.recv(1 << 20)):
            said += more
        return bytes(said)
