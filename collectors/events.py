"""The contract of an event source: what happened, with a durable note of how far that was read.

A collector says what is true now and can say it again; an event is said once. What a source has read is given as a
batch: its events and the positions behind them are made durable in one transaction, or neither is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from agent.records import Diagnostic, Record
from collectors.contract import Context


@dataclass(frozen=True, slots=True)
class Batch:
    """What was read in one step."""

    events: tuple[Record, ...] = ()
    """In the order of their time. One whose `id` was told before is the same event, read again."""
    known: tuple[Record, ...] = ()
    """Events from before the time that is asked for: not told, now or ever."""
    positions: Mapping[str, str] = field(default_factory=dict)
    """By the name of what was read, for what has changed; in words of the source's own, empty for what is gone."""
    more: bool = False
    """There is more to read at once."""
    diagnostics: tuple[Diagnostic, ...] = ()


class EventSource(Protocol):
    """Something that tells of events."""

    name: str

    def read(self, context: Context) -> Batch:
        """What happened since the last batch, within a bounded time."""
        ...
