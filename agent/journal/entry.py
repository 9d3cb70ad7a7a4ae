"""One entry of the journal, its canonical bytes and its place in the hash chain."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from pydantic import AwareDatetime

from agent.records.base import Part
from agent.records.canonical_json import canonical_json, representable
from agent.records.change import FieldChange

Op = Literal[
    "discovered",
    "changed",
    "removed",
    "snapshot_begin",
    "snapshot",
    "snapshot_end",
    "heartbeat",
    "notice",
    "checkpoint",
    "action",
]


class Entry(Part):
    """One thing that happened. `seq` counts from 1 without gaps within one `chain`."""

    seq: int
    at: AwareDatetime
    """UTC time of the event, not of its delivery."""
    op: Op
    record: dict[str, Any] | None = None
    """The whole record as JSON; for `removed` the last one known."""
    changes: tuple[FieldChange, ...] = ()
    controls: tuple[str, ...] = ()
    """Controls of ISO/IEC 42001 that it is evidence for; entries of older versions have none."""
    chain: str
    """UUID of the journal, made once."""
    hash: str
    """SHA-256, in hex, of the previous entry's hash followed by this entry's canonical bytes."""


class Line(NamedTuple):
    """An entry as it is stored and sent: `body` is the exact bytes that are hashed."""

    seq: int
    body: bytes
    hash: bytes

    def entry(self) -> Entry:
        """Raises `ValueError` when the bytes are no entry."""
        return Entry.model_validate_json(b'%s,"hash":"%s"}' % (self.body[:-1], self.hash.hex().encode()))


def genesis(chain: str) -> bytes:
    """What the first entry is chained to."""
    return hashlib.sha256(chain.encode()).digest()


def link(previous: bytes, body: bytes) -> bytes:
    """The hash of an entry that follows the entry with hash `previous`."""
    return hashlib.sha256(previous + body).digest()


def wire_time(moment: datetime) -> str:
    """RFC 3339, UTC, microseconds: as text in the order of time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def canonical(
    *,
    seq: int,
    at: datetime,
    op: Op,
    record: dict[str, Any] | None,
    changes: tuple[FieldChange, ...],
    controls: tuple[str, ...],
    chain: str,
) -> bytes:
    """The entry without its hash as RFC 8785 canonical JSON: one line, UTF-8."""
    document: dict[str, Any] = {
        "seq": seq,
        "at": wire_time(at),
        "op": op,
        "record": record,
        "changes": [{"field": c.field, "before": c.before, "after": c.after} for c in changes],
        "controls": list(controls),
        "chain": chain,
    }
    try:
        return canonical_json(document)
    except ValueError:
        # Hostile names may hold what canonical JSON cannot say; losing the entry would be worse than bending it.
        return canonical_json(representable(document))
