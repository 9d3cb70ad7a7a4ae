"""Entries of the journal in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.reports.history import NOT_TOLD, told, value_text


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened on the machine."""

    at: str
    op: str
    agent: str | None
    owner: str | None
    told: str
    changes: tuple[str, ...] = ()


def event(entry: Mapping[str, Any]) -> Event:
    """An entry of the journal for a person."""
    record = entry["record"] or {}
    changes = tuple(
        f"{change['field']}: {value_text(change['before'])} → {value_text(change['after'])}"
        for change in entry["changes"]
        if change["field"] not in NOT_TOLD
    )
    finding = record.get("kind") == "finding" and entry["op"] != "removed"
    op = f"finding {record.get('state')}" if finding else entry["op"]
    return Event(entry["at"], op, record.get("agent"), record.get("owner"), told(entry["op"], record), changes)
