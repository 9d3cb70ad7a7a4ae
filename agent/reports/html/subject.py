"""What a page is about: the records of one machine, what happened on it, and where that is known from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from agent.records import AiAgent, Finding, Record
from agent.reports.findings import wanting
from agent.reports.html.activity import Activity
from agent.reports.html.events import Event
from agent.reports.worst import Worst, rank

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Risk:
    """Findings of one rule and severity: one thing to do about all of their subjects."""

    findings: Sequence[Finding]

    @property
    def first(self) -> Finding:
        return self.findings[0]


@dataclass(frozen=True)
class Machine:
    """Everything that a page tells."""

    records: Sequence[Record]
    known_from: str
    made_at: datetime
    events: Sequence[Event] = ()
    """The newest first."""
    events_from: str = "No journal: one look knows nothing of what was before it."
    activities: Sequence[Activity] = ()
    actions_from: str = "What agents did is not collected here."
    lines: Mapping[str, int] = field(default_factory=dict)
    """Line in its file by the id of a finding about it, where somebody looked."""
    _of: dict[type[Record], list[Any]] = field(default_factory=dict, repr=False)

    def of(self, kind: type[R]) -> list[R]:
        """The records of a kind."""
        if kind not in self._of:
            self._of[kind] = [record for record in self.records if isinstance(record, kind)]
        return self._of[kind]

    @cached_property
    def by_id(self) -> dict[str, Record]:
        return {record.id: record for record in self.records}

    @cached_property
    def wanting(self) -> list[Finding]:
        """Findings that want somebody, the gravest first."""
        return wanting(self.records)

    @cached_property
    def risks(self) -> list[Risk]:
        """The same by rule, in the same order."""
        groups: dict[tuple[str, str], list[Finding]] = {}
        for finding in self.wanting:
            groups.setdefault((finding.severity, finding.rule), []).append(finding)
        return [Risk(group) for group in groups.values()]

    @cached_property
    def findings_of(self) -> dict[str, list[Finding]]:
        """Findings that want somebody, by the id of their subject."""
        found: dict[str, list[Finding]] = {}
        for finding in self.wanting:
            found.setdefault(finding.subject_id, []).append(finding)
        return found

    @cached_property
    def _findings_around(self) -> dict[tuple[str | None, str | None], list[Finding]]:
        found: dict[tuple[str | None, str | None], list[Finding]] = {}
        for finding in self.wanting:
            found.setdefault((finding.owner, finding.agent), []).append(finding)
        return found

    def findings_around(self, agent: AiAgent) -> list[Finding]:
        """Findings about an agent, what it may do, or its servers, the gravest first."""
        return self._findings_around.get((agent.owner, agent.agent), [])

    @cached_property
    def _worst(self) -> Worst:
        return Worst(self.wanting)

    def worst(self, record: Record) -> str | None:
        """The severity of the gravest finding about a record; of an agent also about its servers."""
        if isinstance(record, AiAgent):
            return self._worst.of_client.get((record.owner, record.agent))
        return self._worst.of.get(record.id)

    def gravity(self, record: Record) -> int:
        """For sorting the gravest first."""
        return -rank(self.worst(record))
