"""A signed statement of what the journal was at one moment."""

from typing import ClassVar, Literal

from agent.records.base import Part, Record

CheckpointReason = Literal["begin", "interval", "snapshot", "stop", "cut", "key"]


class ReplacedChain(Part):
    """The journal before this one, which could not go on."""

    chain: str | None = None
    """Its name; null where nothing of it could be read."""
    head_seq: int = 0
    head_hash: str | None = None
    """Its last entry that is known, as SHA-256 in hex."""
    reason: str
    kept_as: str | None = None
    """Name of the file it was set aside under, in the state folder; null where there was no file any more."""


class Cut(Part):
    """Entries that retention removed: all before an earlier checkpoint."""

    first_seq: int
    last_seq: int
    counts: dict[str, int]
    """How many of each kind of record."""
    not_accepted: dict[str, int]
    """How many of them abandoned targets had not accepted, by target."""


class TargetReceipt(Part):
    """What a delivery target said last that it holds."""

    target: str
    seq: int
    hash: str
    """SHA-256 of entry `seq`, in hex."""


class Checkpoint(Record):
    """Signed: what the journal was at one moment. Whoever holds one can tell whether it was rewritten since."""

    kind: Literal["checkpoint"] = "checkpoint"
    reason: CheckpointReason
    """begin: first of a chain, or of a key that nothing hands over to; key: hands over to `next_public_key`."""
    chain: str
    head_seq: int
    """The entry before this one."""
    head_hash: str
    previous_seq: int | None = None
    """The checkpoint before; null for the first."""
    previous_hash: str | None = None
    span_hash: str
    """SHA-256, in hex, over the hashes of the entries `previous_seq` to `head_seq`, each as 64 hex digits and a \\n."""
    boot_id: str | None = None
    """The system's name for the time since it was started; null where it has none."""
    boot_ms: int
    """Milliseconds since then, sleep included: a clock that does not go along was set."""
    key_id: str
    public_key: str
    """Ed25519, base64: the key that signed this."""
    next_public_key: str | None = None
    inventory_digest: str | None = None
    """As in a heartbeat."""
    snapshot_seq: int | None = None
    """For `snapshot`: the `snapshot_end` that holds the inventory, unchanged since."""
    receipts: tuple[TargetReceipt, ...] = ()
    cut: Cut | None = None
    replaces: ReplacedChain | None = None
    signature: str = ""
    """Ed25519, base64, over the record as RFC 8785 canonical JSON without this field."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("chain", "head_seq")
