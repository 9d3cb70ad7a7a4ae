"""What one look at the files of one account may cost: whoever has more loses detail, and nobody else does."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple, Self

from agent.records import Record
from collectors.readers.room import Room
from collectors.sources.limits import Limits, processor_seconds


class Taken(NamedTuple):
    """So many records, and the memory they take."""

    records: int
    bytes: int

    @classmethod
    def by(cls, records: Iterable[Record]) -> Self:
        weights = [record.weight for record in records]
        return cls(len(weights), sum(weights))

    def and_also(self, other: Taken) -> Taken:
        return Taken(self.records + other.records, self.bytes + other.bytes)

    def without(self, other: Taken) -> Taken:
        return Taken(self.records - other.records, self.bytes - other.bytes)


NOTHING = Taken(0, 0)
_KEPT_FREE = Taken(300, 800_000)
"""For each other account, so that all together never take more than the machine may; where there are many, less."""

_ONE_FILE = 0.75
"""The part of it that one file may take: the largest leaves something for the others."""


class AccountBudget:
    """Counts what a look takes; `left_out` are the files for which nothing was left."""

    def __init__(self, limits: Limits, known: Taken, others: Collection[Taken] = ()) -> None:
        """`known` is what the account's files took so far, `others` what those of each other account did."""
        machine, share = Taken(limits.machine_records, limits.machine_bytes), 1 / (len(others) + 1)
        kept_free = Taken(
            min(_KEPT_FREE.records, int(machine.records * share)), min(_KEPT_FREE.bytes, int(machine.bytes * share))
        )
        self._most = Taken(
            min(limits.account_records, machine.records - sum(max(one.records, kept_free.records) for one in others)),
            min(limits.account_bytes, machine.bytes - sum(max(one.bytes, kept_free.bytes) for one in others)),
        )
        self._taken = known
        self._seconds = limits.account_seconds
        self._deadline = min(limits.until, processor_seconds() + limits.account_seconds)
        self.left_out: list[str] = []

    def room(self, path: str, known: Taken) -> Room | None:
        """What is left for a file that took so much so far; where that is nothing it is counted as left out."""
        records = min(self._most.records - self._taken.records + known.records, self._most.records * _ONE_FILE)
        bytes = min(self._most.bytes - self._taken.bytes + known.bytes, self._most.bytes * _ONE_FILE)
        if records > 0 and bytes > 0 and processor_seconds() < self._deadline:
            return Room(records, bytes)
        self.left_out.append(path)
        return None

    def spend(self, known: Taken, now: Taken) -> None:
        """A file that took so much was read and now takes so much."""
        self._taken = self._taken.and_also(now).without(known)

    @property
    def told(self) -> str:
        """What was left out, and why."""
        full = self._taken.records >= self._most.records or self._taken.bytes >= self._most.bytes
        most = f"{self._most.records} records and {self._most.bytes} bytes of memory"
        why = most if full else f"{self._seconds:g} seconds of the processor"
        return f"{len(self.left_out)} files were left out: of one account a look takes at most {why}"
