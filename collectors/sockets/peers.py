"""The peers that one instance was seen connected to while it lives, up to a bound."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from agent.records import Connection
from collectors.sources.limits import at_least

_FORGOTTEN_AFTER = timedelta(hours=1)
"""A peer unseen for so long makes room for another one, where there is no room left."""


class Talk(NamedTuple):
    """One open connection; its own port tells it from others to the same peer."""

    pid: int
    port: int
    remote: str


class Peers:
    """Counts each connection once, however often it is looked at. Who has more peers than `most` is told the rest of
    as a number: a program can meet ten thousand in a second."""

    def __init__(self, most: int, known: dict[str, Connection]) -> None:
        """`known` are connections by their remote end."""
        self._most = most
        self.room = most
        """How many more there may be before its account has what it may."""
        self._known = known
        self._open: set[Talk] = set()
        self._beyond: set[str] = set()
        self.left_out = 0
        """At least so many peers were met at once beyond those that are told: a power of two, so that it stands."""

    def __len__(self) -> int:
        return len(self._known)

    def connections(self) -> list[Connection]:
        return list(self._known.values())

    def met(self, talks: set[Talk], now: datetime, connection: Callable[[Talk], Connection]) -> None:
        """What is open now; `connection` makes the record of a peer."""
        self._beyond.clear()
        for talk in sorted(talks):
            if talk.remote in self._known or self._has_room(now):
                self._count(talk, now, connection)
            else:
                self._beyond.add(talk.remote)
        self._open = talks
        if self._beyond:
            self.left_out = max(self.left_out, at_least(len(self._beyond)))

    def _count(self, talk: Talk, now: datetime, connection: Callable[[Talk], Connection]) -> None:
        before = self._known.get(talk.remote)
        count = before.count or 0 if before else 0
        edge = before or connection(talk)
        if talk not in self._open or not count:
            count += 1
        self.room -= before is None
        first = edge.first_seen or now
        self._known[talk.remote] = edge.changed(first_seen=first, last_seen=now, observed_at=now, count=count)

    def _has_room(self, now: datetime) -> bool:
        if len(self._known) < self._most and self.room > 0:
            return True
        oldest = min(self._known.values(), key=lambda edge: edge.last_seen or now, default=None)
        if oldest is None or (oldest.last_seen or now) > now - _FORGOTTEN_AFTER:
            return False
        self._known.pop(oldest.remote or "")
        self.room += 1
        return True
