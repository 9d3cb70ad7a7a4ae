"""The controls that records and findings are evidence for."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from agent.records import KINDS, Finding, Record
from agent.records.base import Part


class Control(Part):
    """One control objective or clause."""

    id: str
    name: str
    evidence: tuple[str, ...]
    """Kinds of records that are evidence for it."""
    cannot: str
    """What an auditor wants to see and Rollcall cannot show."""
    nist: tuple[str, ...] = ()
    eu: tuple[str, ...] = ()


def controls() -> list[Control]:
    """All controls, in the order of the standard."""
    text = (Path(__file__).parent / "controls.toml").read_text(encoding="utf-8")
    found = [Control.model_validate(entry) for entry in tomllib.loads(text)["control"]]
    unknown = {kind for control in found for kind in control.evidence} - KINDS.keys()
    if unknown:
        raise ValueError(f"controls.toml names unknown kinds: {', '.join(sorted(unknown))}")
    return found


def report(records: Iterable[Record]) -> Iterator[str]:
    """Per control: the evidence held, what does not conform, and what cannot be evidenced."""
    held = list(records)
    for control in controls():
        counts = {kind: sum(record.kind == kind for record in held) for kind in control.evidence}
        findings = [r for r in held if isinstance(r, Finding) and control.id in r.controls]
        states = {
            state: sum(f.state == state for f in findings) for state in ("open", "reopened", "acknowledged", "resolved")
        }
        yield f"{control.id}  {control.name}"
        yield "  evidence: " + (", ".join(f"{count} {kind}" for kind, count in counts.items()) or "none")
        yield "  findings: " + (", ".join(f"{count} {state}" for state, count in states.items() if count) or "none")
        yield f"  cannot show: {control.cannot}"
        yield f"  also serves: NIST AI RMF {', '.join(control.nist) or '-'}; EU AI Act {', '.join(control.eu) or '-'}"
