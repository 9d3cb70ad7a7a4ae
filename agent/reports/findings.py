"""What does not conform: grouped for who wants to know where to begin, one by one, and one of them in full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from agent.records import Finding, Record
from agent.records.finding import SEVERITIES, Severity
from agent.reports.columns import columns

_GROUP = ("SEVERITY", "FINDING", "COUNT", "AMONG THEM")
_EACH = ("ID", "SEVERITY", "FINDING", "SUBJECT", "STATE")
_ID_LENGTH = 8
_NAMED_WIDTH = 44


@dataclass(frozen=True, slots=True)
class FindingDetails:
    """One finding, and the record that it is about where that is still there."""

    finding: Finding
    subject: Record | None


def wanting(records: Iterable[Record]) -> list[Finding]:
    """Findings that want somebody, the gravest first: neither resolved nor acknowledged, and more than a remark."""
    found = [cast(Finding, record) for record in records if record.kind == "finding"]
    open_ones = [f for f in found if f.state in ("open", "reopened") and f.severity != "info"]
    return sorted(open_ones, key=lambda f: (-SEVERITIES.index(f.severity), f.rule, f.subject))


def at_least(findings: Iterable[Finding], severity: Severity) -> list[Finding]:
    """Those of this severity or a graver one."""
    return [f for f in findings if SEVERITIES.index(f.severity) >= SEVERITIES.index(severity)]


def grouped(findings: Sequence[Finding]) -> Iterator[str]:
    """A line per rule and severity: how many findings it has, and as many of their subjects as a line has room for."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.severity, finding.rule), []).append(finding)
    yield from columns(_GROUP, [_group_row(group) for group in groups.values()])


def lines(findings: Sequence[Finding]) -> Iterator[str]:
    """A line per finding."""
    rows = [(f.id[:_ID_LENGTH], f.severity, f.title, f.subject, f.state) for f in findings]
    yield from columns(_EACH, rows) if rows else ["Nothing wants attention."]


def details(found: FindingDetails) -> Iterator[str]:
    """Everything about one finding: what it is about, where, why, since when and what to do."""
    finding = found.finding
    yield f"{finding.severity}: {finding.title}"
    facts = {
        "subject": finding.subject,
        "where": place(found.subject),
        "rule": finding.rule,
        "state": finding.state,
        "opened": f"{finding.opened_at:%Y-%m-%d %H:%M} UTC",
        "closed": f"{finding.closed_at:%Y-%m-%d %H:%M} UTC" if finding.closed_at else None,
        "accountable": finding.accountable,
        "exception": finding.exception,
        "controls": ", ".join(finding.controls),
        "id": finding.id,
    }
    for proof in finding.evidence_for:
        yield f"  because: {proof.what}{f' {proof.value}' if proof.value else ''}"
    yield from (f"  {name}: {value}" for name, value in facts.items() if value)
    yield f"  to do: {finding.remediation}"


def _group_row(group: Sequence[Finding]) -> tuple[str, ...]:
    first = group[0]
    named = list(dict.fromkeys(finding.subject for finding in group))
    shown = 1
    while shown < len(named) and len(", ".join(named[: shown + 1])) <= _NAMED_WIDTH:
        shown += 1
    more = f", and {len(named) - shown} more" if len(named) > shown else ""
    return first.severity, first.title, str(len(group)), ", ".join(named[:shown]) + more


def place(subject: Record | None) -> str | None:
    """The file and key, or the process, that the subject was seen in."""
    if subject is None:
        return None
    source = getattr(subject, "source", None)
    return f"{source.path}: {source.key}" if source and getattr(source, "key", None) else subject.evidence.source
