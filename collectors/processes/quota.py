"""How many instances of each account are told one by one: a shell loop can start thousands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from agent.records import Diagnostic, Evidence, Record
from collectors.contract import Context, Scope
from collectors.processes.instances import NAME
from collectors.sources.limits import at_least


class Quota:
    """Admits instances until an account has had its share, and counts the others."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._admitted: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()

    def admits(self, owner: str) -> bool:
        if self._admitted[owner] >= self._most:
            self._left_out[owner] += 1
            return False
        self._admitted[owner] += 1
        return True

    def left_out(self, context: Context) -> Iterator[tuple[Scope, tuple[Record, ...]]]:
        """Of whom some were not told, and at least how many."""
        for owner, count in self._left_out.items():
            yield Scope(NAME, owner, "<left out>"), (self._diagnostic(context, owner, at_least(count)),)

    def _diagnostic(self, context: Context, owner: str, count: int) -> Diagnostic:
        return Diagnostic(
            endpoint_id=context.endpoint_id,
            owner=owner or None,
            evidence=Evidence(collector=NAME, confidence="confirmed"),
            severity="error",
            code="budget.instances",
            message=f"at least {count} running agents and servers were left out: {self._most} of an account are told",
        )
