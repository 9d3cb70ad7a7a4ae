"""How much memory the inventory of each account may take, and all together: what is beyond is left out, and told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from agent.inventory.pace import same
from agent.records import Diagnostic, Evidence, Record, ToolList
from collectors.contract import Scope

_MOST = 24_000_000
"""Bytes that all facts take, with what is concluded from them."""
_KEPT_FREE = 1_000_000
"""Of these, for each account that is known."""
_SPARE = 5_000_000
"""For accounts that have less than that and come later."""
_BARE = 4_000
_FOLLOWS = {"mcp_server": 12_000, "instance": 7_000}
"""Bytes of a fact and its conclusions beside its texts, as measured: the definition as it is in force, an approval, a
connection, a finding."""
_A_TOOL = 2_500


class _Cut(NamedTuple):
    """What did not fit into a scope."""

    told: tuple[Record, ...]
    missing: int
    """Bytes of what was left out."""


class Room:
    """Counts what each scope takes."""

    def __init__(self, facts: Mapping[Scope, tuple[Record, ...]], most: int = _MOST) -> None:
        self._most = most
        self._scopes: dict[Scope, int] = {}
        self._accounts: Counter[str] = Counter()
        self._cut: dict[Scope, _Cut] = {}
        for scope, records in facts.items():
            self._keep(scope, sum(map(_cost, records)))

    def was_cut(self, scope: Scope, told: tuple[Record, ...]) -> bool:
        """Whether just this was told before and did not fit, and would not now."""
        cut = self._cut.get(scope)
        return cut is not None and cut.missing > self._left(scope.owner) and same(cut.told, told)

    def fitting(self, scope: Scope, known: tuple[Record, ...], told: tuple[Record, ...]) -> tuple[Record, ...]:
        """As many of the records as there is room for, those that were known first; that some were left out is one
        more."""
        self._keep(scope, 0)
        self._cut.pop(scope, None)
        costs = list(map(_cost, told))
        left = self._left(scope.owner)
        if sum(costs) <= left:
            self._keep(scope, sum(costs))
            return told
        before = {record.id for record in known}
        kept: list[Record] = []
        taken = 0
        for record, cost in sorted(zip(told, costs, strict=True), key=lambda one: one[0].id not in before):
            if taken + cost <= left:
                kept.append(record)
                taken += cost
        self._keep(scope, taken)
        self._cut[scope] = _Cut(told, sum(costs) - taken)
        return (*kept, _left_out(scope, told[0], len(told) - len(kept)))

    def _left(self, owner: str) -> int:
        """Bytes for more of an account's; nobody's is taken from what is kept free for others."""
        own = self._accounts[owner]
        others = [taken for other, taken in self._accounts.items() if other != owner]
        free = min(_KEPT_FREE, self._most // (2 * len(others) + 2))
        spare = min(_SPARE, self._most // 4)
        left = self._most - own - sum(max(taken, free) for taken in others)
        return max(left - spare, min(left, free - own), 0)

    def _keep(self, scope: Scope, cost: int) -> None:
        self._accounts[scope.owner] += cost - self._scopes.pop(scope, 0)
        if cost:
            self._scopes[scope] = cost


def _cost(record: Record) -> int:
    tools = len(record.tools) if isinstance(record, ToolList) else 0
    return _FOLLOWS.get(record.kind, _BARE) + record.weight + tools * _A_TOOL


def _left_out(scope: Scope, one: Record, count: int) -> Diagnostic:
    return Diagnostic(
        endpoint_id=one.endpoint_id,
        owner=scope.owner or None,
        evidence=Evidence(collector=scope.collector, source=one.evidence.source, confidence="confirmed"),
        severity="error",
        code="budget.memory",
        message=f"{count} records were left out: all that its account may take of the memory is taken",
        key=scope.key,
    )
