"""Whether this process stays within what it may take; beyond it, it slows down before others feel it."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator

from agent.config.settings import BudgetSettings
from agent.records.heartbeat import OwnUse
from agent.service.own_use import Measured

_WINDOW = 300.0
_BACK = 0.8
"""It goes back to full speed below this part of each limit, so that it does not go to and fro."""
_DESCRIPTORS = 0.8


class Budget:
    """Judges measurements; keeps those of the last five minutes."""

    def __init__(self, settings: BudgetSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._past: deque[tuple[float, float]] = deque()
        self._most_descriptors = _descriptor_limit()
        self._last: Measured | None = None
        self.cpu_share = 0.0
        """Of one core, over the last five minutes at most."""
        self.exceeded: str | None = None
        """What is beyond its limit, in words."""

    def judge(self, use: Measured) -> bool:
        """Take a measurement in; whether `exceeded` began or ended with it."""
        self._measure(use)
        before, limit = self.exceeded, _BACK if self.exceeded else 1.0
        self.exceeded = next(self._beyond(use, limit), None)
        return (before is None) != (self.exceeded is None)

    def own_use(self) -> OwnUse | None:
        """For the heartbeat; None before the first measurement."""
        if self._last is None:
            return None
        numbers = {name: value for name, value in self._last._asdict().items() if name != "cpu_seconds"}
        return OwnUse(cpu_share=round(self.cpu_share, 4), exceeded=self.exceeded, **numbers)

    def _measure(self, use: Measured) -> None:
        now, self._last = self._clock(), use
        self._past.append((now, use.cpu_seconds))
        while now - self._past[0][0] > _WINDOW:
            self._past.popleft()
        since, then = self._past[0]
        # Counted over the whole of it: the first minute of a process is busier than those that follow.
        self.cpu_share = (use.cpu_seconds - then) / max(now - since, _WINDOW)

    def _beyond(self, use: Measured, limit: float) -> Iterator[str]:
        settings = self._settings
        if self.cpu_share > settings.cpu_share * limit:
            yield f"CPU: {self.cpu_share:.0%} of a core over five minutes, and {settings.cpu_share:.0%} is the limit"
        if use.resident_bytes > settings.memory_bytes * limit:
            megabytes = use.resident_bytes / 1e6, settings.memory_bytes / 1e6
            yield "memory: {:.0f} MB resident, and {:.0f} MB is the limit".format(*megabytes)
        if use.state_bytes > settings.disk_bytes * limit:
            megabytes = use.state_bytes / 1e6, settings.disk_bytes / 1e6
            yield "disk: {:,.0f} MB in the state folder, and {:,.0f} MB is the limit".format(*megabytes)
        if use.descriptors > self._most_descriptors * _DESCRIPTORS * limit:
            yield f"descriptors: {use.descriptors} of {self._most_descriptors} are open"


def _descriptor_limit() -> int:
    if sys.platform == "win32":
        return 10_000
    import resource

    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return soft if 0 < soft < sys.maxsize else sys.maxsize
