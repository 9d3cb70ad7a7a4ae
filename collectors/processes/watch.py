"""Process events, kept in order until the collector takes them in."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Self

from collectors.contract import Scope
from collectors.processes.instances import NAME
from collectors.sources.process.events import ProcessEvent, ProcessEvents, UnsupportedError
from collectors.sources.process.table import ProcessTable
from collectors.sources.process.words import kept

_MOST_WAITING = 200_000
_MOST_BYTES = 4_000_000
"""Of the texts of processes that wait; of those that come when half of it is taken only the options are kept."""
_SHORT = 512
EVENTS = Scope(NAME, "", "<events>")


class ProcessWatch:
    """The queue between the thread that hears of processes and the main loop that judges them."""

    def __init__(self, notify: Callable[[Scope | None], None], table: ProcessTable) -> None:
        self._notify = notify
        self._lock = threading.Lock()
        self._waiting: deque[ProcessEvent] = deque()
        self._bytes = 0
        self._told = False
        self._events = ProcessEvents(self._put, self._overflow, table, pause=self._tell)
        self.mode = self._events.mode

    @classmethod
    def start(cls, notify: Callable[[Scope | None], None], table: ProcessTable) -> Self | None:
        """A running watch; None where the kernel does not tell process events to this process."""
        try:
            return cls(notify, table)
        except UnsupportedError:
            return None

    def close(self) -> None:
        self._events.close()

    def drain(self) -> list[ProcessEvent]:
        """All events that wait, the oldest first."""
        with self._lock:
            events = list(self._waiting)
            self._waiting.clear()
            self._bytes = 0
            self._told = False
        return events

    def again(self) -> None:
        """Call for another drain, though there may be nothing to take in."""
        self._notify(EVENTS)

    def _put(self, event: ProcessEvent) -> None:
        with self._lock:
            event = self._fitting(event)
            full = len(self._waiting) >= _MOST_WAITING or self._bytes >= _MOST_BYTES
            if not full:
                self._waiting.append(event)
        if full:
            self._overflow()

    def _fitting(self, event: ProcessEvent) -> ProcessEvent:
        if event.row is None:
            return event
        if self._bytes + event.row.weight > _MOST_BYTES // 2:
            event = event._replace(row=event.row._replace(argv=kept(event.row.argv, _SHORT, _SHORT)))
        self._bytes += event.row.weight if event.row else 0
        return event

    def _tell(self) -> None:
        with self._lock:
            tell = bool(self._waiting) and not self._told
            self._told = self._told or tell
        if tell:
            self._notify(EVENTS)

    def _overflow(self) -> None:
        """Something was lost: forget what waits and look at everything again."""
        with self._lock:
            self._waiting.clear()
            self._bytes = 0
            self._told = False
        self._notify(None)
