"""A signed statement of what the journal was at one moment."""

from typing import ClassVar, Literal

from agent.records.base import Part, Record

CheckpointReason = Literal["begin", "interval", "snapshot", "stop", "cut", "drop", "key"]


class ReplacedChain(Part):
    """The journal before this one, which could not go on."""

    chain: str | None = None
    """Its name; null where nothing of it could be read."""
    head_seq: int = 0
    """Number of its last entry that is known; 0 for none."""
    head_hash: str | None = None
    """Its last entry that is known, as SHA-256 in hex."""
    reason: str
    """Why it could not go on."""
    kept_as: str | None = None
    """Name of the file it was set aside under, in the state folder; null where there was no file any more."""


class Cut(Part):
    """Entries that retention removed: all before an earlier checkpoint."""

    first_seq: int
    """Number of the first entry that was removed."""
    last_seq: int
    """Number of the last entry that was removed."""
    counts: dict[str, int]
    """How many of each kind of record."""
    not_accepted: dict[str, int]
    """How many of them abandoned targets had not accepted, by target."""


class Dropped(Part):
    """Entries of little value that went for room, while a target still waited for them; their hashes stay."""

    ranges: tuple[tuple[int, int], ...]
    """First and last number of each run of them."""
    counts: dict[str, int]
    """How many of each kind of record."""
    not_accepted: dict[str, int]
    """How many of them a target had not accepted, by target."""


class TargetReceipt(Part):
    """What a delivery target said last that it holds."""

    target: str
    """Name of the target, as in the configuration."""
    seq: int
    """Number of the last entry that it holds."""
    hash: str
    """SHA-256 of entry `seq`, in hex."""


class Checkpoint(Record):
    """Signed: what the journal was at one moment. Whoever holds one can tell whether it was rewritten since."""

    kind: Literal["checkpoint"] = "checkpoint"
    reason: CheckpointReason
    """begin: first of a chain, or of a key that nothing hands over to; key: hands over to `next_public_key`."""
    chain: str
    """UUID of the journal."""
    head_seq: int
    """The entry before this one."""
    head_hash: str
    """Hash of entry `head_seq`, SHA-256 in hex."""
    previous_seq: int | None = None
    """The checkpoint before; null for the first."""
    previous_hash: str | None = None
    """Hash of entry `previous_seq`; null for the first."""
    span_hash: str
    """SHA-256, in hex, over the hashes of the entries `previous_seq` to `head_seq`, each as 64 hex digits and a \\n."""
    boot_id: str | None = None
    """The system's name for the time since it was started; null where it has none."""
    boot_ms: int
    """Milliseconds since then, sleep included: a clock that does not go along was set."""
    key_id: str
    """Id of the key that signed this."""
    public_key: str
    """Ed25519, base64: the key that signed this."""
    next_public_key: str | None = None
    """For `key`: the key that signs from here on, Ed25519 in base64."""
    inventory_digest: str | None = None
    """As in a heartbeat."""
    snapshot_seq: int | None = None
    """For `snapshot`: the `snapshot_end` that holds the inventory, unchanged since."""
    receipts: tuple[TargetReceipt, ...] = ()
    """What each delivery target said last that it holds."""
    cut: Cut | None = None
    """For `cut`: what retention removed."""
    dropped: Dropped | None = None
    """For `drop`: what went to stay within the budget of the disk."""
    replaces: ReplacedChain | None = None
    """For the first of a chain that follows another: the chain before it."""
    signature: str = ""
    """Ed25519, base64, over the record as RFC 8785 canonical JSON without this field."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("chain", "head_seq")
