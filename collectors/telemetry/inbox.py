"""Requests between the thread that receives them and the loop that makes them durable."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from collectors.transcripts.heard import Heard

_MOST_STATEMENTS = 20_000
_MOST_REQUESTS = 100
"""Each keeps its connection open until it is answered."""


@dataclass(frozen=True, slots=True)
class Request:
    """What one request tells, and how its sender learns what became of it: true when it is durable."""

    heard: tuple[Heard, ...]
    answer: Callable[[bool], None]


class Inbox:
    """A sender is told that its request was taken only when what it tells is durable."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Request] = []
        self._taken: list[Request] = []

    def put(self, request: Request) -> None:
        """Hand over one request; refused where too much waits already."""
        with self._lock:
            told = sum(len(one.heard) for one in self._waiting) + len(request.heard)
            full = told > _MOST_STATEMENTS or len(self._waiting) >= _MOST_REQUESTS
            if not full:
                self._waiting.append(request)
        if full:
            request.answer(False)

    def take(self) -> list[Heard]:
        """What waits. It counts as durable at the next `confirm`."""
        with self._lock:
            taken, self._waiting = self._waiting, []
        self._taken += taken
        return [heard for request in taken for heard in request.heard]

    def confirm(self) -> None:
        """What was taken is durable."""
        taken, self._taken = self._taken, []
        for request in taken:
            request.answer(True)

    def close(self) -> None:
        """Refuse what was not confirmed: it is sent again."""
        with self._lock:
            left, self._waiting, self._taken = [*self._taken, *self._waiting], [], []
        for request in left:
            request.answer(False)
