"""One entry of the journal, its canonical bytes and its place in the hash chain."""

from __future__ import annotations

import hashlib
import json
import math
import re
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import rfc8785
from pydantic import AwareDatetime

from agent.records.base import Part
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

_EXACT = 2**53 - 1
"""Largest integer that JSON can carry exactly (RFC 8785, section 3.2.2.3)."""


_ASTRAL = re.compile(rb"[\xf0-\xf7]")
"""Characters that UTF-16, after which RFC 8785 sorts names, has elsewhere than UTF-8."""


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
        return canonical_json(_representable(document))


def canonical_json(document: Any) -> bytes:
    """RFC 8785. Raises `ValueError` for what it cannot say."""
    if _is_plain(document):
        # The standard library writes the same, several times as fast.
        body = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        if body.isascii() or not _ASTRAL.search(body):
            return body
    return rfc8785.dumps(document)


def _is_plain(value: Any) -> bool:
    """Whether it holds no fraction and no integer too large to be exact: RFC 8785 writes those as JavaScript does."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is dict:
        return all(map(_is_plain, value.values()))
    if kind is list or kind is tuple:
        return all(map(_is_plain, value))
    return kind is int and abs(value) <= _EXACT


def _representable(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case int() if abs(value) > _EXACT:
            return str(value)
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {_representable(str(key)): _representable(item) for key, item in value.items()}
        case list() | tuple():
            return [_representable(item) for item in value]
    return value
