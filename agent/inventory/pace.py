"""How fast one cause may change the inventory: at once as long as it is rare, then once a minute, and counted.

A cause is a source that is read again as a whole, such as a file, or a program that is started again and again. What
waits is kept at its latest, so that nothing which lasts is lost; what came and went meanwhile is only counted. Beyond
that each account has an allowance of bytes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field

from agent.records import Instance, Record
from collectors.contract import Scope

_STEPS, _SECONDS = 12, 60.0
"""So many changes of one cause in a row, and from then on one in so many seconds."""
_BYTES, _BYTES_A_SECOND = 32_000_000, 1_500.0
"""What the changes of one account may weigh at once, and from then on in a second: 130 MB a day."""
_DERIVED = 3
"""What follows from a changed record weighs about twice as much again: before and after, connections, findings."""
_LONGEST = 3_600.0
"""No account waits longer for its next change."""
_TELLING_SECONDS = 60.0
_MOST_CAUSES = 20_000


@dataclass(slots=True)
class _Allowance:
    """An amount that is spent at once and comes back with time."""

    most: float
    a_second: float
    at: float
    left: float = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.most

    def refill(self, now: float) -> None:
        self.left = min(self.most, self.left + (now - self.at) * self.a_second)
        self.at = now


@dataclass(slots=True)
class _Account:
    allowance: _Allowance
    last: float
    """When a change of the account was last taken in."""

    def may_change(self, now: float) -> bool:
        self.allowance.refill(now)
        return self.allowance.left > 0 or now - self.last >= _LONGEST


class Pace:
    """Decides which changes are taken in now, keeps those that wait, and tells of them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._causes: dict[Hashable, _Allowance] = {}
        self._accounts: dict[str, _Account] = {}
        self._waiting: dict[Scope, tuple[Record, ...]] = {}
        self._admitted: dict[Hashable, bool] = {}
        self._open: dict[str, bool] = {}
        """What was decided of causes and accounts in this step: one that may change may change in many places."""
        self._put_together: Counter[str] = Counter()
        self._late: set[str] = set()
        self._tell_at = clock() + _TELLING_SECONDS

    def waiting(self, scope: Scope) -> tuple[Record, ...] | None:
        """What was last seen of a scope that has to wait."""
        return self._waiting.get(scope)

    def scopes(self) -> list[Scope]:
        return list(self._waiting)

    def admits(self, scope: Scope, before: tuple[Record, ...], after: tuple[Record, ...]) -> bool:
        """Whether a change is taken in now; else its latest state waits."""
        cause = _cause(scope, after or before)
        if cause not in self._admitted:
            self._admitted[cause] = self._take(cause, scope.owner)
        if self._admitted[cause]:
            self._accounts[scope.owner].allowance.left -= _weight(before, after)
            self._waiting.pop(scope, None)
            return True
        waiting = self._waiting.get(scope)
        if waiting is None or not same(waiting, after):
            self._put_together[scope.owner] += 1
        self._waiting[scope] = after
        return False

    def forget(self, scope: Scope) -> None:
        """A scope is again as it was."""
        if self._waiting.pop(scope, None) is not None:
            self._put_together[scope.owner] += 1

    def step(self) -> None:
        """A step has been taken: what was decided for it no longer holds."""
        self._admitted.clear()
        self._open.clear()

    def tell(self) -> Iterator[tuple[str, str]]:
        """Code and text of what a person should learn of, once a minute."""
        now = self._clock()
        if now < self._tell_at:
            return
        self._tell_at = now + _TELLING_SECONDS
        for owner, count in sorted(self._put_together.items()):
            who = owner or "the machine"
            if owner in self._late:
                most = round(_LONGEST / 60)
                yield (
                    "changes.capped",
                    f"{who}: more changes than may be journaled; they come up to {most} minutes late",
                )
            yield "changes.coalesced", f"{who}: {count} changes in a minute were put together into those that lasted"
        self._put_together.clear()
        self._late.clear()

    def _take(self, cause: Hashable, owner: str) -> bool:
        now = self._clock()
        account = self._accounts.setdefault(owner, _Account(_Allowance(_BYTES, _BYTES_A_SECOND, now), now))
        if self._open.setdefault(owner, account.may_change(now)) is False:
            self._late.add(owner)
            return False
        steps = self._causes.get(cause) or self._known(cause, now)
        steps.refill(now)
        if steps.left < 1:
            return False
        steps.left -= 1
        account.last = now
        return True

    def _known(self, cause: Hashable, now: float) -> _Allowance:
        if len(self._causes) >= _MOST_CAUSES:
            for other in self._causes.values():
                other.refill(now)
            self._causes = {key: other for key, other in self._causes.items() if other.left < other.most}
        return self._causes.setdefault(cause, _Allowance(_STEPS, 1 / _SECONDS, now))


def same(before: tuple[Record, ...], after: tuple[Record, ...]) -> bool:
    """Whether both say the same."""
    return len(before) == len(after) and all(old.same_facts(new) for old, new in zip(before, after, strict=True))


def _cause(scope: Scope, records: tuple[Record, ...]) -> Hashable:
    """The source itself; of processes the program, for each of them is a source of its own."""
    first = records[0] if records else None
    return (scope.collector, scope.owner, first.exe or first.name) if isinstance(first, Instance) else scope


def _weight(before: tuple[Record, ...], after: tuple[Record, ...]) -> int:
    """Bytes of what came, went or is different."""
    known = {record.id: record for record in before}
    now = {record.id: record for record in after}
    gone = (record for id_, record in known.items() if id_ not in now)
    new = (record for id_, record in now.items() if id_ not in known or not record.same_facts(known[id_]))
    return _DERIVED * sum(len(record.to_json()) for group in (gone, new) for record in group)
