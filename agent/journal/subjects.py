"""Whose history an entry belongs to: the index behind `rollcall audit show SUBJECT`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_TOLD = ("discovered", "changed", "removed")
"""Snapshots repeat what these said, and nobody asks for the history of a heartbeat."""


def subjects_of(op: str, record: Mapping[str, Any] | None) -> Iterator[bytes]:
    """Ids of the records whose story it tells: its own and, of a finding, its subject's."""
    if op in _TOLD and record:
        for id_ in dict.fromkeys((record.get("id"), record.get("subject_id"))):
            if isinstance(id_, str) and id_:
                yield subject_key(id_)


def subject_key(id_: str) -> bytes:
    """A record's id as it is kept: half as long where it is hexadecimal, as all of ours are."""
    try:
        return bytes.fromhex(id_)
    except ValueError:
        return id_.encode("utf-8", "replace")
