"""What does not conform: grouped for who wants to know where to begin, one by one, and one of them in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from agent.records import Finding, Record
from agent.records.finding import SEVERITIES, Severity
from agent.reports import records_json
from agent.reports.columns import columns, terminal_width
from agent.reports.csv_lines import csv_lines
from agent.reports.place import Place, place_of, where
from agent.reports.rows import some
from agent.runtime.terminal import plain

_GROUP = ("SEVERITY", "FINDING", "COUNT", "AMONG THEM")
_BY_RULE = ("SEVERITY", "COUNT", "RULE", "FINDING", "AMONG THEM")
_WIDE = 120
"""From so many characters on there is room for examples beside the rules."""
_EACH = ("ID", "SEVERITY", "FINDING", "SUBJECT", "STATE")
_CSV = (
    "id", "severity", "rule", "title", "subject", "state", "owner", "agent", "accountable", "path", "line", "key",
    "because", "remediation", "controls", "opened_at", "closed_at", "exception",
)  # fmt: skip
_ID_LENGTH = 8
_FEW = 20


@dataclass(frozen=True, slots=True)
class Findings:
    """Findings, and what they are about as far as that is still there."""

    chosen: Sequence[Finding]
    records: Mapping[str, Record] = field(default_factory=dict)
    """By id, also those that no finding is about."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Line in its file by the finding's id, where somebody looked."""

    def place(self, finding: Finding) -> Place | None:
        """The file that the subject stands in, or was seen in."""
        return place_of(self.records.get(finding.subject_id), self.lines.get(finding.id))


def wanting(records: Iterable[Record]) -> list[Finding]:
    """Findings that want somebody: neither resolved nor acknowledged, and more than a remark. The gravest first, of
    these those of the rule with the most."""
    found = [cast(Finding, record) for record in records if record.kind == "finding"]
    open_ones = [f for f in found if f.state in ("open", "reopened") and f.severity != "info"]
    many = Counter((f.severity, f.rule) for f in open_ones)
    rank = {severity: -place for place, severity in enumerate(SEVERITIES)}
    return sorted(open_ones, key=lambda f: (rank[f.severity], -many[f.severity, f.rule], f.rule, f.subject))


def named(records: Iterable[Record], ids: Sequence[str]) -> list[Finding]:
    """Findings by id, its beginning, or rule."""
    found = [cast(Finding, record) for record in records if record.kind == "finding"]
    return [f for f in found if any(f.rule == id_ or f.id.startswith(id_) for id_ in ids)]


def at_least(findings: Iterable[Finding], severity: Severity) -> list[Finding]:
    """Those of this severity or a graver one."""
    return [f for f in findings if SEVERITIES.index(f.severity) >= SEVERITIES.index(severity)]


def grouped(found: Findings) -> Iterator[str]:
    """A line per rule and severity: how many findings it has, and as many of their subjects as a line has room for."""
    rows = [(severity, title, count, named) for severity, count, _, title, named in _groups(found)]
    yield from columns(_GROUP, rows) if rows else ["Nothing wants attention."]


def lines(found: Findings) -> Iterator[str]:
    """A line per finding; of many, a line per rule, and how to see each."""
    if len(found.chosen) <= _FEW:
        yield from each(found)
        return
    narrow = (terminal_width() or _WIDE) < _WIDE
    kept = len(_BY_RULE) - narrow
    yield from columns(_BY_RULE[:kept], [row[:kept] for row in _groups(found)])
    yield f"{len(found.chosen)} findings; each: `rollcall findings --all`; in full: `rollcall findings ID or RULE`"


def each(found: Findings) -> Iterator[str]:
    """A line per finding."""
    rows = [(f.id[:_ID_LENGTH], f.severity, f.title, f.subject, f.state) for f in found.chosen]
    yield from columns(_EACH, rows) if rows else ["Nothing wants attention."]


def csv(found: Findings) -> Iterator[str]:
    """A row per finding, with everything that is said of it."""
    yield from csv_lines(_CSV, (_csv_row(finding, found.place(finding)) for finding in found.chosen))


def array(found: Findings) -> Iterator[str]:
    """The findings as one JSON array."""
    return records_json.array(found.chosen)


def ndjson(found: Findings) -> Iterator[str]:
    """A finding a line, as JSON."""
    return records_json.each(found.chosen)


def in_full(found: Findings) -> Iterator[str]:
    """Everything about each finding: what it is about, where, why, since when and what to do."""
    for number, finding in enumerate(found.chosen):
        if number:
            yield ""
        yield from map(plain, _details(finding, found))


def because(finding: Finding) -> list[str]:
    """What shows it, a text each."""
    return [f"{proof.what}{f' {proof.value}' if proof.value else ''}" for proof in finding.evidence_for]


def _details(finding: Finding, found: Findings) -> Iterator[str]:
    yield f"{finding.severity}: {finding.title}"
    about = finding.subject_id
    facts = {
        "subject": finding.subject,
        "where": where(found.records.get(about), found.lines.get(finding.id)),
        "rule": finding.rule,
        "state": finding.state,
        "opened": f"{finding.opened_at:%Y-%m-%d %H:%M} UTC",
        "closed": f"{finding.closed_at:%Y-%m-%d %H:%M} UTC" if finding.closed_at else None,
        "accountable": finding.accountable,
        "exception": finding.exception,
        "controls": ", ".join(finding.controls),
        "id": finding.id,
    }
    yield from (f"  because: {proof}" for proof in because(finding))
    yield from (f"  {name}: {value}" for name, value in facts.items() if value)
    yield f"  to do: {finding.remediation}"


def _groups(found: Findings) -> list[tuple[str, ...]]:
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in found.chosen:
        groups.setdefault((finding.severity, finding.rule), []).append(finding)
    return [
        (severity, str(len(group)), rule, group[0].title, some(list(dict.fromkeys(f.subject for f in group))))
        for (severity, rule), group in groups.items()
    ]


def _csv_row(finding: Finding, place: Place | None) -> tuple[object, ...]:
    path, key, line = place or (None, None, None)
    told = (finding.owner, finding.agent, finding.accountable, path, line, key)
    times = (finding.opened_at.isoformat(), finding.closed_at.isoformat() if finding.closed_at else None)
    why = ("; ".join(because(finding)), finding.remediation, ", ".join(finding.controls))
    head = (finding.id, finding.severity, finding.rule, finding.title, finding.subject, finding.state)
    return *head, *told, *why, *times, finding.exception
