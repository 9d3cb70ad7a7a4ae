"""Per control of ISO/IEC 42001: the evidence held, the findings, and what cannot be shown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from agent.governance.controls import controls
from agent.records import Finding, Record
from agent.reports import sheet
from agent.reports.control_evidence import belongs
from agent.reports.sheet import Sheet

_STATES = ("open", "reopened", "acknowledged", "resolved")


def lines(records: Sequence[Record]) -> Iterator[str]:
    """Per control: the evidence held, what does not conform, and what cannot be evidenced."""
    for told in _told(records):
        yield f"{told['id']}  {told['name']}"
        yield "  evidence: " + (", ".join(f"{count} {kind}" for kind, count in told["evidence"].items()) or "none")
        findings = [f"{count} {state}" for state, count in told["findings"].items() if count]
        yield "  findings: " + (", ".join(findings) or "none")
        yield f"  cannot show: {told['cannot_show']}"
        yield f"  also serves: NIST AI RMF {_some(told['nist_ai_rmf'])}; EU AI Act {_some(told['eu_ai_act'])}"


def csv(records: Sequence[Record]) -> Iterator[str]:
    """A row per control."""
    head = ("id", "name", "evidence", *_STATES, "cannot_show", "nist_ai_rmf", "eu_ai_act")
    rows = [
        (
            told["id"],
            told["name"],
            ", ".join(f"{count} {kind}" for kind, count in told["evidence"].items()),
            *(str(told["findings"][state]) for state in _STATES),
            told["cannot_show"],
            ", ".join(told["nist_ai_rmf"]),
            ", ".join(told["eu_ai_act"]),
        )
        for told in _told(records)
    ]
    return sheet.as_csv(Sheet(head, rows))


def as_json(records: Sequence[Record]) -> Iterator[str]:
    """An array of objects, one a control."""
    yield from json.dumps(list(_told(records)), indent=1, ensure_ascii=False).split("\n")


def _told(records: Sequence[Record]) -> Iterator[dict[str, Any]]:
    kinds = Counter(record.kind for record in records)
    findings = [record for record in records if isinstance(record, Finding)]
    for control in controls():
        states: Counter[str] = Counter(finding.state for finding in findings if belongs(finding, control))
        yield {
            "id": control.id,
            "name": control.name,
            "evidence": {kind: kinds[kind] for kind in control.evidence},
            "findings": {state: states[state] for state in _STATES},
            "cannot_show": control.cannot,
            "nist_ai_rmf": list(control.nist),
            "eu_ai_act": list(control.eu),
        }


def _some(names: Sequence[str]) -> str:
    return ", ".join(names) or "-"
