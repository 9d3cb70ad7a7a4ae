"""What does not conform: the gravest first, each rule once with what to do, below it everything it is about."""

from __future__ import annotations

from collections.abc import Iterable

from agent.governance.rules.meanings import meaning
from agent.records import Finding, Proof
from agent.reports.html.elements import Html, badge, capped, code, joined, left_out, name, row, table, tag
from agent.reports.html.filters import filters
from agent.reports.html.subject import Machine, Risk
from agent.reports.html.summary import anchor
from agent.reports.place import where

_HEAD = ("About", "Where", "Because", "Since", "Answers for it")
_MOST_OF_A_RULE = 200
_MOST = 3_000
_OPEN_AT_FIRST = 3


def findings(machine: Machine) -> Html:
    """Every finding that wants somebody; those that were acknowledged or resolved are counted."""
    room, shown = _MOST, []
    for number, risk in enumerate(machine.risks):
        some = capped(risk.findings, min(room, _MOST_OF_A_RULE))
        room -= len(some)
        shown.append(_risk(machine, risk, some, opened=number < _OPEN_AT_FIRST))
    return tag(
        "section",
        tag("h2", "Findings"),
        filters("findings", machine.wanting),
        joined(shown) or tag("p", "Nothing wants attention."),
        _others(machine),
        id="findings",
    )


def _risk(machine: Machine, risk: Risk, some: list[Finding], *, opened: bool) -> Html:
    first = risk.first
    summary = tag(
        "summary", badge(first.severity), " ", tag("b", name(first.title)), tag("span", f" {len(risk.findings):,}")
    )
    return tag(
        "details",
        summary,
        tag("p", tag("b", "Why it matters: "), meaning(first.rule)),
        tag("p", tag("b", "To do: "), first.remediation),
        table(first.title[:200], _HEAD, [_row(machine, finding) for finding in some]) if some else None,
        left_out(len(risk.findings), len(some), "like these"),
        tag(
            "p",
            "Rule ",
            code(first.rule),
            f", evidence for {', '.join(first.controls) or 'no control'}.",
            class_="fine",
        ),
        id=anchor(risk),
        class_="risk group",
        open=opened,
    )


def _row(machine: Machine, finding: Finding) -> Html:
    cells = (
        name(finding.subject),
        code(where(machine.by_id.get(finding.subject_id), machine.lines.get(finding.id))),
        because(finding.evidence_for),
        joined(tag("time", f"{finding.opened_at:%Y-%m-%d}"), " (again)" if finding.state == "reopened" else ""),
        name(finding.accountable) if finding.accountable else "nobody known",
    )
    return row(
        _HEAD,
        cells,
        class_="item",
        data_owner=(finding.owner or "")[:80],
        data_agent=(finding.agent or "")[:80],
        data_severity=finding.severity,
    )


def because(proofs: Iterable[Proof]) -> Html:
    """What shows it."""
    return joined([joined("; " if n else "", proof.what, " ", code(proof.value)) for n, proof in enumerate(proofs)])


def _others(machine: Machine) -> Html:
    states = [f.state for f in machine.of(Finding)]
    remarks = sum(f.severity == "info" and f.state in ("open", "reopened") for f in machine.of(Finding))
    parts = (
        (states.count("acknowledged"), "acknowledged by an exception of the policy"),
        (states.count("resolved"), "resolved"),
        (remarks, "open that are no more than a remark"),
    )
    told = [f"{count:,} {what}" for count, what in parts if count]
    return tag("p", f"Besides: {', '.join(told)}.", class_="fine") if told else Html("")
