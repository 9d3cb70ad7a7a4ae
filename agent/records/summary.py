"""The last record of a one-shot run."""

from typing import ClassVar, Literal

from agent.records.base import Record


class Summary(Record):
    """What the run found and whether it saw everything it should."""

    kind: Literal["summary"] = "summary"
    status: Literal["complete", "partial"]
    counts: dict[str, int]
    """Records per kind."""
    collector_seconds: dict[str, float]
    duration_seconds: float
    out_of_reach: tuple[str, ...] = ()
    """Owners whose homes this run had no right to enter."""

    IDENTITY: ClassVar[tuple[str, ...]] = ()
