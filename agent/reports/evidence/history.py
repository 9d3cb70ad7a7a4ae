"""What changed in the period, as the journal tells it."""

from __future__ import annotations

from agent.reports.evidence.sheet import Sheet
from agent.reports.evidence.subject import EvidenceSubject

_HEAD = ("entry", "time (UTC)", "operation", "kind", "record", "what", "fields before and after", "controls")


def changes(subject: EvidenceSubject) -> Sheet:
    """A row an entry, in the order of the journal; the entry's number finds it in journal.ndjson."""
    rows = [(c.seq, c.at, c.op, c.kind, c.id, c.told, c.fields, c.controls) for c in subject.changes]
    return Sheet(_HEAD, rows)
