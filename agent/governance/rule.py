"""What a rule is: a pure function of one record and what is known around it, with its meaning beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from agent.governance.baseline import Baseline
from agent.governance.policy import Policy
from agent.records import McpServer, Proof, Record
from agent.records.finding import Severity
from collectors.catalog.schema import Catalog


class Facts:
    """The records and the policy a rule may look at; never changed by it."""

    def __init__(
        self, records: Mapping[str, Record], policy: Policy, catalog: Catalog, baseline: Baseline | None = None
    ) -> None:
        self.records = records
        self.policy = policy
        self.catalog = catalog
        self.baseline = baseline

    def of(self, kind: str) -> Iterable[Any]:
        """All records of one kind."""
        return self._kinds.get(kind, ())

    @cached_property
    def _kinds(self) -> dict[str, list[Record]]:
        kinds: dict[str, list[Record]] = {}
        for record in self.records.values():
            kinds.setdefault(record.kind, []).append(record)
        return kinds

    @cached_property
    def servers_by_name(self) -> dict[tuple[str | None, str], list[McpServer]]:
        """Definitions by owner and name."""
        found: dict[tuple[str | None, str], list[McpServer]] = {}
        for server in self.of("mcp_server"):
            found.setdefault((server.owner, server.name), []).append(server)
        return found


Check = Callable[[Any, Facts], Iterable[Proof]]
"""The proofs of a nonconformity; none when the record conforms."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Its id is stable: exceptions and findings refer to it."""

    id: str
    title: str
    severity: Severity
    kind: str
    """Kind of the records it is asked about."""
    controls: tuple[str, ...]
    remediation: str
    check: Check
    reference: str = ""
    joint: bool = False
    """Whether the answer depends on other records than the one it is asked about."""


def proof(what: str, value: object = None) -> Proof:
    return Proof(what=what, value=None if value is None else str(value)[:500])
