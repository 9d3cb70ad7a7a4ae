"""How many records of one file there is room for, and of how many bytes."""

from __future__ import annotations

import math

from agent.records import Record


class Room:
    """What is left for one file; each record that is made takes some."""

    def __init__(self, records: float = math.inf, bytes: float = math.inf) -> None:
        self._records, self._bytes = records, bytes

    def takes(self, record: Record) -> bool:
        """Whether there is room for one more, which then has it."""
        self._records -= 1
        self._bytes -= record.weight
        return self._records >= 0 and self._bytes >= 0
