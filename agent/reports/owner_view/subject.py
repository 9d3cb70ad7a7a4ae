"""One account of a machine, and what becomes of what is recorded of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.governance.rules.meanings import meaning
from agent.records.finding import Severity
from agent.reports.findings import because
from agent.reports.html.subject import Machine
from agent.reports.place import where

_MOST_PLACES = 12


@dataclass(frozen=True)
class Keeping:
    """What the settings of this machine say of collecting, keeping and sending."""

    journal: str | None = None
    """Where the journal lies; None where these settings keep none."""
    whole: bool = False
    """Whether there can be no other settings: an ordinary account has its own, and may not read those of a service."""
    days: float = 0
    sent_to: Sequence[str] = ()
    """Name and address of each target."""
    actions: str = "off"
    """The most that is told of the actions of any agent: `full`, `counts` or `off`."""
    programs: bool = False


@dataclass(frozen=True)
class OwnerView:
    """The records of one account, and of nobody else."""

    owner: str
    machine: Machine
    keeping: Keeping = Keeping()


@dataclass(frozen=True)
class Advice:
    """One thing to mend, wherever it occurs."""

    severity: Severity
    title: str
    meaning: str
    remedy: str
    places: Sequence[tuple[str, str, str]]
    """What it is about, where that stands, and what shows it."""
    more: int
    """Further places that are not among them."""


def advice(view: OwnerView) -> Iterator[Advice]:
    """The gravest first."""
    for risk in view.machine.risks:
        places = [
            (
                finding.subject,
                where(view.machine.by_id.get(finding.subject_id), view.machine.lines.get(finding.id)) or "",
                "; ".join(because(finding)),
            )
            for finding in risk.findings[:_MOST_PLACES]
        ]
        first = risk.first
        more = len(risk.findings) - len(places)
        yield Advice(first.severity, first.title, meaning(first.rule), first.remediation, places, more)
