"""Log lines about targets that do not take what they are sent: at once, then ever more seldom, and when it is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from agent.delivery.cursor import TargetStatus
from agent.runtime.logs import logger

_FIRST_SECONDS, _LONGEST_SECONDS = 60.0, 3600.0


@dataclass(slots=True)
class _Failing:
    reason: str
    pause: float
    next: float


class FailureLog:
    """One line for each new reason of a target, again after a minute, two, four, and in the end once an hour."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failing: dict[str, _Failing] = {}

    def note(self, status: TargetStatus) -> None:
        """Log what there is to say of a target as it is now."""
        failing, now = self._failing.get(status.name), self._clock()
        if status.last_error is None:
            if failing:
                del self._failing[status.name]
                logger().info("delivery.recovered", target=status.name)
            return
        if failing and failing.reason == status.last_error and now < failing.next:
            return
        if failing is None or failing.reason != status.last_error:
            failing = self._failing[status.name] = _Failing(status.last_error, _FIRST_SECONDS / 2, now)
        failing.pause = min(failing.pause * 2, _LONGEST_SECONDS)
        failing.next = now + failing.pause
        logger().warning(
            "delivery.failed",
            target=status.name,
            reason=failing.reason,
            backlog=status.backlog,
            failing_since=status.failing_since,
        )
