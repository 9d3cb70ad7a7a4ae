"""What a finding is about: in words, and as an identity that outlives a process."""

from __future__ import annotations

from collections.abc import Mapping

from agent.records import Connection, Instance, Posture, Record
from agent.records.base import record_id


def describe(record: Record) -> str:
    """A record in words, for a person."""
    fields = vars(record)
    name = fields.get("name") or fields.get("server") or fields.get("provider") or fields.get("path")
    agent = fields.get("agent")
    of = f" of {agent}" if agent and record.kind != "ai_agent" else ""
    return f"{record.kind.replace('_', ' ')} {name or record.owner or record.id[:8]}{of}"[:300]


def enduring(record: Record, records: Mapping[str, Record]) -> str:
    """An id that stays the same when the process is started anew: what does not conform is the same again then, and a
    thousand short runs are one nonconformity and not a thousand. Of all but processes it is the record's own."""
    if isinstance(record, Instance):
        what = record.package or record.exe
        return record_id("process", record.owner, record.subject, record.agent, record.name, what)
    start = records.get(record.from_id) if isinstance(record, Connection) else None
    if isinstance(record, Connection) and isinstance(start, Instance):
        # Of what listens without the port, which may be another every time.
        place = record.host or record.remote or (record.local or "").rpartition(":")[0]
        return record_id("socket", enduring(start, records), record.relation, record.to_id, place)
    if isinstance(record, Posture) and record.instance_id:
        return record_id("flags", record.owner, record.agent, record.project, record.flags)
    return record.id
