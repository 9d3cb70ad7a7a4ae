"""Which entries of the journal a target gets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from agent.delivery.batch import Batch
from agent.delivery.settings import FilteredSettings
from agent.records.finding import SEVERITIES


@dataclass(frozen=True, slots=True)
class Sent:
    """An entry of a batch that a target gets."""

    id: str
    """The same in every attempt, different from that of any other entry anywhere: chain and number."""
    seq: int
    line: bytes
    """As it stands in the journal."""
    entry: dict[str, Any]

    @property
    def record(self) -> dict[str, Any]:
        """What the entry is about; nothing where it is about nothing."""
        return self.entry.get("record") or {}


def chosen(batch: Batch, settings: FilteredSettings) -> list[Sent]:
    """The entries of a batch that pass the filter."""
    parsed = ((line, json.loads(line)) for line in batch.lines)
    return [
        Sent(f"{entry['chain']}:{entry['seq']}", entry["seq"], line, entry)
        for line, entry in parsed
        if _passes(entry, settings)
    ]


def _passes(entry: dict[str, Any], settings: FilteredSettings) -> bool:
    record = entry.get("record") or {}
    if settings.kinds and record.get("kind") not in settings.kinds:
        return False
    if settings.severity and record.get("kind") == "finding":
        least = SEVERITIES.index(settings.severity)
        if SEVERITIES.index(record.get("severity", "info")) < least:
            return False
    return not settings.controls or not set(settings.controls).isdisjoint(entry.get("controls") or ())
