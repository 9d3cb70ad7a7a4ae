"""What an evidence pack is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from agent.records import Finding, PolicyInForce
from agent.reports.html.subject import Machine


@dataclass(frozen=True)
class Change:
    """One entry of the journal, for a list."""

    seq: int
    at: str
    op: str
    kind: str
    id: str
    told: str
    fields: str
    controls: str


@dataclass(frozen=True)
class EvidenceSubject:
    """The state of a machine, and what happened on it in a period."""

    machine: Machine
    since: datetime | None = None
    until: datetime | None = None
    nonconformities: Sequence[Finding] = ()
    """Those that were open at any time of the period, each as it was told last; the open ones first."""
    changes: Sequence[Change] = ()
    purposes: Mapping[str, str] = field(default_factory=dict)
    """What the policy says each agent is for, by catalog id."""
    verification: Sequence[str] = ()
    """What is proved of the journal, a line a question."""
    key_id: str | None = None
    """Of the key that signs the manifest; None where it cannot be read."""

    @property
    def period(self) -> str:
        """In words."""
        since = f"from {self.since:%Y-%m-%d %H:%M} UTC" if self.since else "from the beginning of the journal"
        until = f"{self.until:%Y-%m-%d %H:%M} UTC" if self.until else "the making of this pack"
        return f"{since} to {until}"

    @property
    def policy(self) -> PolicyInForce | None:
        return next(iter(self.machine.of(PolicyInForce)), None)
