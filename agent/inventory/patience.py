"""When a collector may have its next periodic look: one that fails, or takes its time, gets ever fewer."""

from __future__ import annotations

import time
from collections.abc import Callable

_FREE = 2
"""Failures in a row that cost nothing: a file may be in the middle of being written."""
_FIRST, _LONGEST = 2.0, 300.0
_LONG, _REST = 2.0, 10.0
"""A look that took more than so many seconds is followed by a rest of so many times as long."""


class Patience:
    """By collector: how often in a row its look failed, and until when it rests."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, int] = {}
        self._until: dict[str, float] = {}

    def may(self, name: str) -> bool:
        """Whether it is time for a look of this collector."""
        return self._clock() >= self._until.get(name, 0.0)

    def looked(self, name: str, ok: bool, seconds: float) -> None:
        """How its look went."""
        failures = self._failures[name] = 0 if ok else self._failures.get(name, 0) + 1
        pause = min(_FIRST * 2.0 ** min(failures - _FREE, 30), _LONGEST) if failures > _FREE else 0.0
        self._until[name] = self._clock() + max(pause, min(seconds * _REST, _LONGEST) if seconds > _LONG else 0.0)
