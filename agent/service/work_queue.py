"""What the main loop has to do next: dirty scopes, notices and the time of the next periodic task."""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

from collectors.contract import Scope


class Work(NamedTuple):
    """What has gathered since the last time."""

    scopes: frozenset[Scope]
    everything: bool
    notices: tuple[tuple[str, str], ...]
    tasks: frozenset[str] = frozenset()
    """Periodic tasks that something asks for before their time."""


class WorkQueue:
    """Filled from any thread, emptied by the main loop. A scope marked a thousand times is read once."""

    def __init__(self, debounce: float) -> None:
        self._debounce = debounce
        self._changed = threading.Condition()
        self._scopes: set[Scope] = set()
        self._everything = False
        self._notices: list[tuple[str, str]] = []
        self._tasks: set[str] = set()
        self._due: float | None = None
        self._earliest = 0.0
        self._put_off = False
        """Whether what waits was put off already: looks that come by the clock must not put it off for ever."""
        self._interrupted = False

    def mark(self, scope: Scope | None, settles: bool = True) -> None:
        """A scope became dirty (None: nobody knows which, so all of them); `settles`: let it be for a moment first."""
        with self._changed:
            if scope is None:
                self._everything = True
            else:
                self._scopes.add(scope)
            self._gathered(self._debounce if settles else 0.0)

    def notice(self, code: str, message: str) -> None:
        """Something that a person should learn of through the journal."""
        with self._changed:
            self._notices.append((code, message))
            self._gathered(self._debounce)

    def want(self, task: str, seconds: float) -> None:
        """A periodic task has something to do so soon."""
        with self._changed:
            self._tasks.add(task)
            self._gathered(max(self._debounce, seconds))

    def rest(self, seconds: float) -> None:
        """Let what becomes dirty gather for so long; what waits through one rest is not put off by the next."""
        with self._changed:
            if not self._put_off:
                self._earliest = time.monotonic() + seconds
                self._put_off = self._due is not None

    def interrupt(self) -> None:
        """Wake the main loop now; a signal handler may call it, since the lock is reentrant."""
        with self._changed:
            self._interrupted = True
            self._changed.notify()

    def wait(self, until: float) -> Work:
        """What is due at the monotonic time `until` at the latest, sooner when something was marked or interrupted."""
        with self._changed:
            while not self._interrupted:
                now = time.monotonic()
                due = until if self._due is None else min(until, max(self._due, self._earliest))
                if now >= due:
                    break
                self._changed.wait(due - now)
            self._interrupted = False
            return self._take()

    def _gathered(self, delay: float) -> None:
        due = time.monotonic() + delay
        self._due = due if self._due is None else min(due, self._due)
        self._changed.notify()

    def _take(self) -> Work:
        ripe = self._due is not None and time.monotonic() >= max(self._due, self._earliest)
        work = Work(
            frozenset(self._scopes) if ripe else frozenset(),
            self._everything and ripe,
            tuple(self._notices) if ripe else (),
            frozenset(self._tasks) if ripe else frozenset(),
        )
        if ripe:
            self._scopes.clear()
            self._notices.clear()
            self._tasks.clear()
            self._everything = self._put_off = False
            self._due = None
        return work
