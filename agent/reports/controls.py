"""Per control of ISO/IEC 42001: the evidence held, the findings, and what cannot be shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.governance.controls import controls
from agent.records import Finding, Record
from agent.reports.control_evidence import belongs


def lines(records: Sequence[Record]) -> Iterator[str]:
    """Per control: the evidence held, what does not conform, and what cannot be evidenced."""
    for control in controls():
        counts = {kind: sum(record.kind == kind for record in records) for kind in control.evidence}
        findings = [r for r in records if isinstance(r, Finding) and belongs(r, control)]
        states = {
            state: sum(f.state == state for f in findings) for state in ("open", "reopened", "acknowledged", "resolved")
        }
        yield f"{control.id}  {control.name}"
        yield "  evidence: " + (", ".join(f"{count} {kind}" for kind, count in counts.items()) or "none")
        yield "  findings: " + (", ".join(f"{count} {state}" for state, count in states.items() if count) or "none")
        yield f"  cannot show: {control.cannot}"
        yield f"  also serves: NIST AI RMF {', '.join(control.nist) or '-'}; EU AI Act {', '.join(control.eu) or '-'}"
