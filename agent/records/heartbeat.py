"""The daemon's sign of life."""

from typing import ClassVar, Literal

from agent.records.base import Part, Record


class CollectorHealth(Part):
    """One collector's last pass."""

    name: str
    """Name of the collector."""
    ok: bool
    """Whether its last run went through."""
    last_success: str | None = None
    """UTC time, RFC 3339, of its last run that went through; null for never."""
    seconds: float = 0.0
    """How long its last run took."""
    records: int = 0
    """Records that its last run gave."""
    mode: str | None = None
    """How it learns of changes, such as `inotify` or `sweep`."""


class TargetHealth(Part):
    """One delivery target's backlog."""

    name: str
    """Name of the target, as in the configuration."""
    acknowledged: int
    """Number of the last journal entry that it has accepted."""
    backlog: int
    """Journal entries that it has not accepted yet."""
    last_error: str | None = None
    """Why its last attempt failed; null when it did not."""
    failing_since: str | None = None
    """UTC time, RFC 3339, at which it last began to take nothing; null while it takes what it is sent."""


class OwnUse(Part):
    """What the daemon's own process takes of the machine."""

    cpu_share: float
    """Of one core, over the last five minutes."""
    resident_bytes: int
    """Resident memory."""
    descriptors: int
    """Open files, sockets and watches."""
    threads: int
    """Its threads of execution, those that wait among them."""
    state_bytes: int
    """All files of the state folder."""
    exceeded: str | None = None
    """What is beyond its limit, for which the daemon works more slowly; null where nothing is."""


class Heartbeat(Record):
    """Health of the running daemon; `inventory_digest` tells a receiver whether it is up to date."""

    kind: Literal["heartbeat"] = "heartbeat"
    rollcall_version: str
    """Version of the daemon."""
    uptime_seconds: float
    """Seconds since it was started."""
    inventory_digest: str
    """SHA-256, in hex, over all current records, as docs/protocol.md says."""
    journal_head: int
    """Number of the last journal entry."""
    collectors: tuple[CollectorHealth, ...] = ()
    """The last run of each collector."""
    targets: tuple[TargetHealth, ...] = ()
    """How far each delivery target is."""
    own_use: OwnUse | None = None
    """What the daemon itself takes of the machine; null before it was measured."""

    IDENTITY: ClassVar[tuple[str, ...]] = ()
