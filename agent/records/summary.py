"""The last record of a one-shot run."""

from typing import ClassVar, Literal

from agent.records.base import Record
from agent.records.look_scope import LookScope


class Summary(Record):
    """What the run found and whether it saw everything it should."""

    kind: Literal["summary"] = "summary"
    status: Literal["complete", "partial"]
    """complete: within `scope` no gap is known, and the policy that was asked for is in force."""
    scope: LookScope
    """For whom and what the run answers."""
    counts: dict[str, int]
    """Records per kind."""
    collector_seconds: dict[str, float]
    """Seconds that each collector took, by name."""
    duration_seconds: float
    """Seconds that the whole run took."""
    out_of_reach: tuple[str, ...] = ()
    """Owners whose homes this run had no right to enter."""

    IDENTITY: ClassVar[tuple[str, ...]] = ()
