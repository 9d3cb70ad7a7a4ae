"""Input for a Statement of Applicability: per control objective and clause what is held, what not, and who has to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agent.governance.controls import Control, controls
from agent.records import Finding, Record
from agent.reports.control_evidence import belongs, record_line
from agent.reports.evidence.sheet import Sheet
from agent.reports.evidence.subject import EvidenceSubject
from agent.reports.html.elements import Html, facts, joined, name, tag

_HEAD = (
    "control", "name", "evidence held", "open", "acknowledged", "closed", "first opened", "last closed",
    "Rollcall cannot evidence", "who has to", "applicable (to be filled in)", "justification (to be filled in)",
)  # fmt: skip
_EXAMPLES = 5
_MOST_FINDINGS = 15
_NOT = (
    "This is input for a Statement of Applicability, not one. Whether a control applies, and why, is decided by the "
    "organisation: those two columns are empty in the CSV file. Objectives and clauses are named; their text is in the "
    "standard."
)


def applicability(subject: EvidenceSubject) -> Sheet:
    """A row a control objective or clause."""
    return Sheet(_HEAD, [_row(subject, control) for control in controls()])


def page(subject: EvidenceSubject) -> Html:
    """The same with examples and each nonconformity."""
    return joined(tag("p", _NOT), [_section(subject, control) for control in controls()])


def _row(subject: EvidenceSubject, control: Control) -> tuple[str | int | None, ...]:
    found = _findings(subject, control)
    state = Counter(finding.state for finding in found)
    closed = [finding.closed_at for finding in found if finding.closed_at]
    return (
        control.id, control.name, _held(subject, control), state["open"] + state["reopened"], state["acknowledged"],
        state["resolved"], f"{min(f.opened_at for f in found):%Y-%m-%d}" if found else None,
        f"{max(closed):%Y-%m-%d}" if closed else None, control.cannot, control.who, None, None,
    )  # fmt: skip


def _section(subject: EvidenceSubject, control: Control) -> Html:
    found = _findings(subject, control)
    state = Counter(finding.state for finding in found)
    counted = f"{state['open'] + state['reopened']:,} open, {state['acknowledged']:,} acknowledged by an exception, "
    return tag(
        "section",
        tag("h2", f"{control.id} {control.name}"),
        facts(
            (
                ("Evidence held", _held(subject, control)),
                ("Nonconformities", f"{counted}{state['resolved']:,} closed"),
                ("Rollcall cannot evidence", control.cannot),
                ("Who has to", control.who),
            )
        ),
        _examples(subject, control),
        _nonconformities(found),
        id=control.id.replace(" ", "-"),
    )


def _held(subject: EvidenceSubject, control: Control) -> str:
    counts = Counter(record.kind for record in subject.machine.records)
    held = [
        f"{counts[kind]:,} {kind.replace('_', ' ')}" for kind in control.evidence if kind != "finding" and counts[kind]
    ]
    if found := len(_findings(subject, control)):
        held.append(f"{found:,} finding{'s' if found > 1 else ''}")
    return ", ".join(held) or "none"


def _examples(subject: EvidenceSubject, control: Control) -> Html:
    told = [
        record_line(record, subject.machine.by_id)
        for kind in control.evidence
        if kind != "finding"
        for record in _first(subject.machine.records, kind)
    ]
    return joined(tag("h3", "Examples"), tag("ul", [tag("li", name(line, 300)) for line in told])) if told else Html("")


def _first(records: Sequence[Record], kind: str) -> list[Record]:
    return sorted((r for r in records if r.kind == kind), key=lambda r: r.id)[:_EXAMPLES]


def _nonconformities(found: Sequence[Finding]) -> Html:
    if not found:
        return Html("")
    shown = [tag("li", name(_told(finding), 400)) for finding in found[:_MOST_FINDINGS]]
    more = len(found) - len(shown)
    rest = tag("p", f"And {more:,} more: nonconformities.csv has all.", class_="left-out") if more else None
    return joined(tag("h3", "Nonconformities"), tag("ul", shown), rest)


def _told(finding: Finding) -> str:
    closed = f", closed {finding.closed_at:%Y-%m-%d %H:%M} UTC" if finding.closed_at else ""
    who = finding.accountable or "nobody known"
    return (
        f"[{finding.state}] {finding.severity}: {finding.title}: {finding.subject}, opened "
        f"{finding.opened_at:%Y-%m-%d %H:%M} UTC{closed}, answers: {who}"
        f"{f', exception: {finding.exception}' if finding.exception else ''}"
    )


def _findings(subject: EvidenceSubject, control: Control) -> list[Finding]:
    return [finding for finding in subject.nonconformities if belongs(finding, control)]
