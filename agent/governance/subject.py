"""What a finding is about: in words, and as an identity that outlives a process."""

from __future__ import annotations

from collections.abc import Mapping

from agent.records import Connection, Instance, Posture, Record
from agent.records.base import record_id

_NAMES = ("name", "server", "provider", "host", "remote", "local", "path", "place", "hostname")
"""Fields that say what a record is called; the first that has a value counts."""


def describe(record: Record) -> str:
    """A record in words, for a person: `github in claude-code (dev)`, or `claude-code (dev)` for what is about the
    client itself."""
    fields = vars(record)
    agent = fields.get("agent")
    words = (
        agent
        if record.kind in ("ai_agent", "posture", "supervision")
        else next(filter(None, map(fields.get, _NAMES)), None)
    )
    if agent and words and words != agent:
        words = f"{words} in {agent}"
    words = words or agent or record.owner or record.id[:8]
    owner = f" ({record.owner})" if record.owner and record.owner != words else ""
    project = f" in {fields['project']}" if record.kind in ("posture", "supervision") and fields["project"] else ""
    return f"{words}{owner}{project}"[:300]


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
