"""The daemon's sign of life."""

from typing import ClassVar, Literal

from agent.records.base import Part, Record


class CollectorHealth(Part):
    """One collector's last pass."""

    name: str
    ok: bool
    last_success: str | None = None
    seconds: float = 0.0
    records: int = 0
    mode: str | None = None
    """How it learns of changes, such as `inotify` or `sweep`."""


class TargetHealth(Part):
    """One delivery target's backlog."""

    name: str
    acknowledged: int
    backlog: int
    last_error: str | None = None


class Heartbeat(Record):
    """Health of the running daemon; `inventory_digest` tells a receiver whether it is up to date."""

    kind: Literal["heartbeat"] = "heartbeat"
    rollcall_version: str
    uptime_seconds: float
    inventory_digest: str
    journal_head: int
    collectors: tuple[CollectorHealth, ...] = ()
    targets: tuple[TargetHealth, ...] = ()

    IDENTITY: ClassVar[tuple[str, ...]] = ()
