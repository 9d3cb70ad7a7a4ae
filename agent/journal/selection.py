"""Which entries somebody wants to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from agent.journal.entry import wire_time


@dataclass(frozen=True, slots=True)
class Selection:
    """Entries that fit every part that is given; an empty one fits all."""

    since: datetime | None = None
    until: datetime | None = None
    kinds: tuple[str, ...] = ()
    """Kinds of records, such as `mcp_server`."""
    owners: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    """Controls that the entry is evidence for, such as `A.4`."""
    ops: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    """Ids of records, also as the subject of a finding."""

    def matches(self, entry: Mapping[str, Any]) -> bool:
        """Whether an entry of the journal is wanted."""
        record = entry["record"] or {}
        return (
            _one_of(self.ops, entry["op"])
            and _one_of(self.kinds, record.get("kind"))
            and _one_of(self.owners, record.get("owner"))
            and _one_of(self.agents, record.get("agent"))
            and (not self.subjects or record.get("id") in self.subjects or record.get("subject_id") in self.subjects)
            and (not self.controls or not set(self.controls).isdisjoint(entry.get("controls") or ()))
            and self._in_time(entry["at"])
        )

    def _in_time(self, at: str) -> bool:
        # As text: both are RFC 3339 in UTC with microseconds.
        return (self.since is None or at >= wire_time(self.since)) and (
            self.until is None or at < wire_time(self.until)
        )

    def as_json(self) -> dict[str, Any]:
        """The parts that are given, for the header of an export."""
        parts = {
            **asdict(self),
            "since": self.since and wire_time(self.since),
            "until": self.until and wire_time(self.until),
        }
        return {name: list(value) if isinstance(value, tuple) else value for name, value in parts.items() if value}


def _one_of(wanted: tuple[str, ...], value: object) -> bool:
    return not wanted or value in wanted
