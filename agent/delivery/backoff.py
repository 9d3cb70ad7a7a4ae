"""Waiting that can be cut short, survives a sleeping laptop and never spins."""

from __future__ import annotations

import random
import threading
import time

_SLICE = 30.0
"""Longest single wait: how late, at most, the end of a laptop's sleep is noticed."""


class Backoff:
    """One thread waits, others wake or stop it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._woken = False
        self.stopped = False

    def wake(self) -> None:
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def stop(self) -> None:
        with self._changed:
            self.stopped = True
            self._changed.notify_all()

    def idle(self) -> None:
        """Until woken, stopped, or half a minute has passed, so that a lost wake-up costs no more than that."""
        with self._changed:
            self._changed.wait_for(lambda: self._woken or self.stopped, _SLICE)
            self._woken = False

    def rest(self, seconds: float) -> None:
        """For `seconds` or until stopped. Time asleep counts: either clock may end the rest."""
        steady, wall = time.monotonic() + seconds, time.time() + seconds
        with self._changed:
            while not self.stopped:
                left = min(steady - time.monotonic(), wall - time.time())
                if left <= 0:
                    return
                self._changed.wait_for(lambda: self.stopped, min(left, _SLICE))


def backoff(failures: int, cap: float) -> float:
    """Seconds to wait after so many failures in a row: exponential from 1 s up to `cap`, with full jitter."""
    return _jitter(0, min(cap, 2.0 ** min(failures - 1, 30)))


def slow(failures: int, cap: float) -> float:
    """Seconds to wait for a person to mend something: exponential from 15 s up to `cap`."""
    return min(cap, 15.0 * 2.0 ** min(failures - 1, 30)) * _jitter(0.8, 1.0)


def patient(asked: float) -> float:
    """At least the seconds a server asked for, and a little more, so that not all come back at once."""
    return max(asked, 0.5) * _jitter(1.0, 1.1)


def _jitter(low: float, high: float) -> float:
    return random.uniform(low, high)  # noqa: S311 - spreads load, guards nothing
