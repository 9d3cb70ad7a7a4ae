"""How long a host wants to be left alone: what one target learns holds for all that are sent there."""

from __future__ import annotations

import threading
import time


class HostPauses:
    """Shared by the senders of one process."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._turn = threading.Lock()

    def extend(self, host: str, seconds: float) -> None:
        """It did not answer, or asked for time."""
        with self._turn:
            self._until[host] = max(self._until.get(host, 0.0), time.monotonic() + seconds)

    def end(self, host: str) -> None:
        """It took something."""
        with self._turn:
            self._until.pop(host, None)

    def left(self, host: str) -> float:
        """Seconds until it may be asked again."""
        with self._turn:
            return max(0.0, self._until.get(host, 0.0) - time.monotonic())
