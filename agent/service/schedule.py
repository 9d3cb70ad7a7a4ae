"""When each periodic task is due."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable

from agent.config.settings import DaemonSettings
from agent.inventory.settings import CollectSettings
from agent.service import systemd

_RETENTION_SECONDS = 600.0
_BUDGET_SECONDS = 30.0
_UNWATCHED = 3600.0
"""Seconds between two notices to a watchdog that nobody set."""

_STEADY = {"heartbeat", "retention", "budget", "watchdog"}


class Schedule:
    """The next time of each task by its name, on the clock that nobody sets; a collector's task bears its name."""

    def __init__(self, collect: CollectSettings, daemon: DaemonSettings, policy_seconds: Callable[[], float]) -> None:
        """`policy_seconds`: how soon the policy wants to be looked at again, which depends on what it waits for."""
        self._due: dict[str, float] = {}
        self._rests: dict[str, float] = {}
        self.slowness = 1.0
        """By what the pauses between looks are longer than the settings say."""
        self._socket_seconds = collect.socket_seconds
        self._reconcile_seconds = collect.reconcile_seconds
        self._policy_seconds = policy_seconds
        self._seconds = {
            "processes": collect.process_seconds,
            "sessions": collect.transcript_seconds,
            "actions": collect.action_seconds,
            "tools": collect.tool_seconds,
            "heartbeat": daemon.heartbeat_seconds,
            "retention": _RETENTION_SECONDS,
            "budget": _BUDGET_SECONDS,
            "watchdog": systemd.watchdog_seconds() or _UNWATCHED,
        }

    def again(self, *names: str) -> None:
        """Each of these tasks is due once more after its interval, counted from now."""
        now = time.monotonic()
        self._due.update((name, now + self._interval(name)) for name in names)

    def at_once(self, name: str) -> None:
        """There is more to do than was done."""
        self._due[name] = 0.0

    def rest(self, name: str, seconds: float) -> None:
        """It was costly, and is not due for so many seconds, whoever asks for it."""
        self._rests[name] = time.monotonic() + seconds
        self._due[name] = max(self._due.get(name, 0.0), self._rests[name])

    def ask(self, names: Iterable[str]) -> None:
        """There is something to do for these tasks: each is due now, or once it has rested."""
        self._due.update((name, self._rests.get(name, 0.0)) for name in names)

    def within(self, seconds: float, name: str) -> None:
        """It is due in so many seconds, where it is not sooner."""
        self._due[name] = min(self._due.get(name, 0.0), time.monotonic() + seconds)

    def due(self) -> set[str]:
        """The tasks whose time has come."""
        now = time.monotonic()
        return {name for name, at in self._due.items() if at <= now}

    def is_due(self, name: str) -> bool:
        """Whether the time of one task has come; one that was never scheduled is due."""
        return time.monotonic() >= self._due.get(name, 0.0)

    def next(self) -> float:
        """When the first task is due."""
        return min(self._due.values())

    def _interval(self, name: str) -> float:
        if name == "policy":
            return self._policy_seconds()
        # A fleet that was started at one time must not do these at one time for ever.
        if name == "reconcile":
            return self._reconcile_seconds * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, no secret
        if name == "heartbeat":
            return self._seconds[name] * random.uniform(0.9, 1.0)  # noqa: S311 - spreads load, no secret
        seconds = self._seconds.get(name, self._socket_seconds)
        return seconds if name in _STEADY else seconds * self.slowness
