"""Log lines that repeat: some pass, the rest is counted, and the count comes with the next that passes."""

from __future__ import annotations

import time
from collections.abc import Callable, MutableMapping
from typing import Any

_PASS, _SECONDS = 10, 60.0
"""Lines of one kind that pass in so many seconds."""
_KINDS = 500
"""Kinds that are kept: a name within a line could make each a kind of its own."""


class Repeats:
    """A processor of structlog. Lines are of one kind when event and words are the same, whatever their numbers."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kinds: dict[object, list[float]] = {}
        """By kind: since when it is counted, how many passed since then, how many did not."""

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """The line, with `repeated` where others like it were left out. Raises `DropEvent` for one to leave out."""
        from structlog import DropEvent

        now = self._clock()
        kind = tuple(sorted((name, value) for name, value in event.items() if isinstance(value, str)))
        if len(self._kinds) >= _KINDS:
            self._kinds.clear()
        seen = self._kinds.setdefault(kind, [now, 0, 0])
        if now - seen[0] >= _SECONDS:
            seen[:2] = now, 0
        if seen[1] >= _PASS:
            seen[2] += 1
            raise DropEvent
        seen[1] += 1
        if seen[2]:
            event["repeated"], seen[2] = int(seen[2]), 0
        return event
