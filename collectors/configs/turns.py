"""Whose changed files are read next: those of whoever was not heard for longest; and whoever took much rests."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from collectors.contract import Scope

SECONDS = 2.0
"""What one look takes before the next account's turn is left to the next look."""
_COSTLY, _REST, _LONGEST = 1.0, 10.0, 60.0
"""A turn that took more seconds of processor time than that is followed by a rest of so many times as long, but no
longer than a minute. By the processor: on a busy machine everything takes long."""


class Turns:
    """What changed and was not read yet, by account."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, processor: Callable[[], float] = lambda: sum(os.times()[:4])
    ) -> None:
        """`processor` tells the time that this process and those it waited for have taken."""
        self._clock, self._processor = clock, processor
        self._waiting: dict[str, dict[Scope, None]] = {}
        self._rests_until: dict[str, float] = {}
        self._turn = 0
        self._heard: dict[str, int] = {}
        """Which turn was the last one of each account."""

    def wait(self, scopes: Iterable[Scope]) -> None:
        """These changed."""
        for scope in scopes:
            self._waiting.setdefault(scope.owner, {})[scope] = None

    def next(self) -> Iterator[tuple[str, list[Scope]]]:
        """Accounts with what changed there, as far as one look reaches; what is done with each is its turn."""
        begun = self._clock()
        for owner in sorted(self.ready(), key=lambda owner: (self._heard.get(owner, 0), len(self._waiting[owner]))):
            if self._clock() - begun > SECONDS:
                return
            self._turn += 1
            self._heard[owner] = self._turn
            with self.turn(owner):
                yield owner, list(self._waiting.pop(owner))

    @contextmanager
    def turn(self, owner: str) -> Iterator[None]:
        """Something is done with the files of an account."""
        begun = self._processor()
        yield
        if (took := self._processor() - begun) > _COSTLY:
            self._rests_until[owner] = self._clock() + min(took * _REST, _LONGEST)

    def rests(self, owner: str) -> bool:
        """Whether it is not this account's turn yet."""
        return self._clock() < self._rests_until.get(owner, 0.0)

    def ready(self) -> list[str]:
        """Accounts that wait and do not rest."""
        return [owner for owner in self._waiting if not self.rests(owner)]

    def due(self) -> list[Scope]:
        """What the next look could read."""
        return [scope for owner in self.ready() for scope in self._waiting[owner]]
