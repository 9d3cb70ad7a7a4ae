"""The input of a risk register (clause 6): a row for each class of finding, with its exposure and its treatment."""

from __future__ import annotations

from collections import Counter, defaultdict

from agent.records import Finding
from agent.records.finding import SEVERITIES
from agent.reports.evidence.sheet import Sheet
from agent.reports.evidence.subject import EvidenceSubject
from agent.reports.html.elements import Html, tag

_RISK = (
    "class", "what is wrong", "severity", "subjects exposed", "accounts exposed", "open", "acknowledged", "resolved",
    "treatment", "oldest open since", "exceptions", "what to do", "controls", "examples",
)  # fmt: skip
_NONCONFORMITY = (
    "id", "class", "what is wrong", "severity", "state", "subject", "account", "agent", "answers for it", "opened",
    "closed", "days open", "exception", "because", "what to do", "controls",
)  # fmt: skip
_OPEN = ("open", "reopened")


def risks(subject: EvidenceSubject) -> Sheet:
    """The gravest first. What its consequence is for people, nobody can read from a machine."""
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in subject.nonconformities:
        groups[finding.rule, finding.severity].append(finding)
    ranked = sorted(groups.values(), key=lambda g: (-SEVERITIES.index(g[0].severity), -len(g), g[0].rule))
    return Sheet(_RISK, [_risk(group) for group in ranked])


def page(subject: EvidenceSubject) -> Html:
    """The same for reading."""
    return risks(subject).html(_RISK.index("what is wrong")) or tag("p", "Nothing was found in the period.")


def nonconformities(subject: EvidenceSubject) -> Sheet:
    """Each finding with its life (clause 10)."""
    return Sheet(_NONCONFORMITY, [_nonconformity(subject, finding) for finding in subject.nonconformities])


def _risk(group: list[Finding]) -> tuple[str | int | None, ...]:
    first, state = group[0], Counter(finding.state for finding in group)
    still = [f for f in group if f.state in _OPEN]
    unresolved = [f for f in group if f.state != "resolved"]
    exceptions = sorted({f.exception for f in group if f.exception and f.state == "acknowledged"})
    treatment = "not treated" if still else "accepted by exception" if unresolved else "mended"
    return (
        first.rule, first.title, first.severity, len({f.subject_key for f in unresolved}),
        len({f.owner for f in unresolved}), len(still), state["acknowledged"], state["resolved"], treatment,
        f"{min(f.opened_at for f in still):%Y-%m-%d}" if still else None, "; ".join(exceptions[:5]) or None,
        first.remediation, ", ".join(first.controls), "; ".join(f.subject for f in (unresolved or group)[:3]),
    )  # fmt: skip


def _nonconformity(subject: EvidenceSubject, finding: Finding) -> tuple[str | int | None, ...]:
    end = finding.closed_at or subject.machine.made_at
    because = "; ".join(f"{proof.what} {proof.value or ''}".strip() for proof in finding.evidence_for)
    return (
        finding.id, finding.rule, finding.title, finding.severity, finding.state, finding.subject, finding.owner,
        finding.agent, finding.accountable, f"{finding.opened_at:%Y-%m-%dT%H:%M:%SZ}",
        f"{finding.closed_at:%Y-%m-%dT%H:%M:%SZ}" if finding.closed_at else None, (end - finding.opened_at).days,
        finding.exception, because, finding.remediation, ", ".join(finding.controls),
    )  # fmt: skip
