"""The evidence for one control, record by record: what an auditor is shown (`rollcall controls A.6`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from agent.governance.controls import Control, controls
from agent.governance.subject import describe
from agent.records import DataSource, Finding, Record
from agent.records.finding import SEVERITIES
from agent.records.posture import Rule
from agent.reports import sheet
from agent.reports.sheet import Sheet
from agent.runtime.error import RollcallError
from agent.runtime.terminal import plain

_FIELDS: dict[str, tuple[str, ...]] = {
    "ai_agent": ("version", "installed", "running", "servers", "sanction", "in_scope", "role", "accountable"),
    "approval": ("state", "by", "runs_anyway"),
    "artifact": ("artifact", "scope", "content_hash"),
    "connection": ("local", "remote", "host", "purpose", "exposure", "first_seen", "last_seen", "count"),
    "endpoint": ("hostname", "os", "os_version", "rollcall_version"),
    "instance": ("pid", "started_at", "cwd", "bypass_flags", "container", "accountable"),
    "mcp_server": (
        "scope", "transport", "package", "pinned", "url", "remote_url", "origin", "publisher_known", "sanction",
        "enabled", "effective", "running", "inline_secret", "data", "accountable",
    ),
    "model_provider": ("base_url", "models"),
    "owner": ("account", "reach", "accountable", "accountable_by", "team"),
    "policy": ("state", "version", "organisation", "role", "signed_by"),
    "posture": ("basis", "project", "approval_mode", "sandbox", "network", "set_by", "flags", "rules"),
    "diagnostic": ("severity", "code", "message"),
    "sign_in": ("account",),
    "summary": ("status", "counts"),
    "heartbeat": ("uptime_seconds", "journal_head", "inventory_digest"),
}  # fmt: skip
"""What of a record of each kind is shown; an empty value is left out."""


class UnknownControlError(RollcallError):
    """No control of this id; the message names those there are."""

    status = 2


def selected(ids: Sequence[str]) -> list[Control]:
    """The controls of these ids, in any spelling of case; all without any. Raises `UnknownControlError`."""
    known = {control.id.lower(): control for control in controls()}
    unknown = [id_ for id_ in ids if id_.lower() not in known]
    if unknown:
        raise UnknownControlError(f"no control {unknown[0]}; known are {', '.join(c.id for c in known.values())}")
    return [known[id_.lower()] for id_ in ids] or list(known.values())


class ControlEvidence(NamedTuple):
    """What is asked about: these controls, by these records."""

    controls: Sequence[Control]
    records: Sequence[Record]


def lines(evidence: ControlEvidence) -> Iterator[str]:
    """Of each control every record that is evidence for it, then every finding, then what cannot be shown."""
    held = {record.id: record for record in evidence.records}
    for control in evidence.controls:
        yield from _control(control, held)


def csv(evidence: ControlEvidence) -> Iterator[str]:
    """A row per control and record or finding."""
    rows = [
        (control.id, record.kind, record.id, record_line(record, held)) for control, record, held in _each(evidence)
    ]
    return sheet.as_csv(Sheet(("control", "kind", "id", "evidence"), rows))


def as_json(evidence: ControlEvidence) -> Iterator[str]:
    """An array of objects, one a control and record: the record itself."""
    found = list(_each(evidence))
    yield "["
    for number, (control, record, _) in enumerate(found, 1):
        yield f' {{"control": {json.dumps(control.id)}, "record": {record.to_json()}}}{"," * (number < len(found))}'
    yield "]"


def _each(evidence: ControlEvidence) -> Iterator[tuple[Control, Record, dict[str, Record]]]:
    held = {record.id: record for record in evidence.records}
    for control in evidence.controls:
        for record in held.values():
            if isinstance(record, Finding):
                if belongs(record, control):
                    yield control, record, held
            elif record.kind in control.evidence:
                yield control, record, held


def _control(control: Control, held: dict[str, Record]) -> Iterator[str]:
    yield f"{control.id}  {control.name}"
    for kind in control.evidence:
        own = sorted(record_line(record, held) for record in held.values() if record.kind == kind and kind != "finding")
        yield from (f"  {line}" for line in own)
        if kind != "finding" and not own:
            yield f"  no {kind.replace('_', ' ')}"
    findings = [record for record in held.values() if isinstance(record, Finding) and belongs(record, control)]
    findings.sort(key=lambda f: (f.state == "resolved", -SEVERITIES.index(f.severity), f.rule, f.subject))
    yield from (f"  {_finding(finding)}" for finding in findings)
    yield f"  cannot show: {control.cannot}"


def belongs(finding: Finding, control: Control) -> bool:
    """Planning, operation and improvement are about every nonconformity, the others about their own."""
    return control.id in finding.controls or control.id in ("clause 6", "clause 8", "clause 10")


def record_line(record: Record, held: dict[str, Record]) -> str:
    """What a record is and what it says, on one line."""
    if isinstance(record, Finding):
        return _finding(record)
    said = [f"{name}={_text(value)}" for name in _FIELDS.get(record.kind, ()) if (value := getattr(record, name, None))]
    said += [f"{name}=no" for name in ("pinned", "publisher_known", "in_scope") if getattr(record, name, None) is False]
    return plain(" ".join((_title(record, held), *said)))


def _title(record: Record, held: dict[str, Record]) -> str:
    if record.kind != "connection":
        return f"{record.kind.replace('_', ' ')} {describe(record)}"
    ends = [held.get(id_) for id_ in (getattr(record, "from_id", None), getattr(record, "to_id", None)) if id_]
    return f"{getattr(record, 'relation', '')}: " + " -> ".join(describe(end) if end else "?" for end in ends)


def _text(value: object) -> str:
    if value is True:
        return "yes"
    if isinstance(value, tuple):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    if isinstance(value, DataSource):
        return f"{value.kind} {value.target} ({value.basis})"
    if isinstance(value, Rule):
        return " ".join(str(part) for part in vars(value).values() if part)
    return str(value)


def _finding(finding: Finding) -> str:
    parts = [f"finding [{finding.state}] {finding.severity}: {finding.title}: {finding.subject} ({finding.rule})"]
    parts.append(f"answers: {finding.accountable or 'nobody'}")
    parts.append(f"since {finding.opened_at:%Y-%m-%d %H:%M}")
    if finding.closed_at:
        parts.append(f"closed {finding.closed_at:%Y-%m-%d %H:%M}")
    if finding.exception:
        parts.append(f"exception: {finding.exception}")
    proofs = "; ".join(f"{proof.what} {proof.value or ''}".strip() for proof in finding.evidence_for)
    return plain(", ".join(parts) + (f" | {proofs}" if proofs else ""))
