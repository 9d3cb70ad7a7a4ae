"""How many sockets of each process are looked at, and how many peers each account may have: whoever has many takes
nothing from others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from agent.records import Instance

_LOOKED_AT, _OF_ONE, _AT_LEAST = 10_000, 1_000, 4
ACCOUNT, _MACHINE, _KEPT_FREE = 1_000, 2_000, 100
"""Peers, and likewise listening sockets, of one account, of all, and what of these is kept free for each other one."""


def looked_at(instances: Iterable[Instance]) -> dict[int, int]:
    """By process, how many of its sockets are read: of all accounts ten thousand, each account's processes alike."""
    pids: dict[str | None, list[int]] = {}
    for instance in instances:
        pids.setdefault(instance.owner, []).extend(instance.pids)
    share = _LOOKED_AT // max(1, len(pids))
    return {pid: max(_AT_LEAST, min(_OF_ONE, share // len(own))) for own in pids.values() for pid in own}


class Allowance:
    """What each account may still have told."""

    def __init__(self, known: Mapping[str | None, int]) -> None:
        self._known = Counter(known)

    def left(self, owner: str | None) -> int:
        others = sum(max(count, _KEPT_FREE) for other, count in self._known.items() if other != owner)
        return max(0, min(ACCOUNT, _MACHINE - others) - self._known[owner])

    def take(self, owner: str | None, count: int) -> None:
        self._known[owner] += count
