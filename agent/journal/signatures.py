"""Whether the checkpoints of a chain are signed, fit the entries between them, and hand their keys over."""

from __future__ import annotations

from typing import Any, NamedTuple

from agent.journal.signing import PublicKey
from agent.journal.span import CheckpointPlace
from agent.records import Checkpoint, TargetReceipt
from agent.records.canonical_json import canonical_json

CLOCK_TOLERANCE_MS = 10_000
"""How far two clocks may drift apart between two checkpoints before one of them was set."""


class Fault(NamedTuple):
    """What is wrong, and with which entry."""

    seq: int
    text: str


class Between(NamedTuple):
    """The entries between two checkpoints."""

    checkpoint: CheckpointPlace | None
    """The earlier one; None for the beginning of the journal."""
    hash: str
    """As `Span.hexdigest` gives it."""


class Statement(NamedTuple):
    """A checkpoint, and what was found where it stands."""

    place: CheckpointPlace
    record: dict[str, Any]
    head_hash: bytes
    """Of the entry before it."""
    span: Between | None
    """What lies between the last one and it; None where that is not at hand."""


def signed_bytes(record: dict[str, Any]) -> bytes:
    """What a checkpoint's signature is over: the record as canonical JSON, without the signature."""
    return canonical_json({name: value for name, value in record.items() if name != "signature"})


class SignatureCheck:
    """Sees the checkpoints one after the other."""

    def __init__(self, trusted: PublicKey | None = None) -> None:
        self._trusted = trusted
        self._previous: Checkpoint | None = None
        self._place: CheckpointPlace | None = None
        self.count = 0
        self.signed_to = 0
        """The last entry that a good signature vouches for."""
        self.keys: list[PublicKey] = []
        self.faults: list[Fault] = []
        self.clock: list[Fault] = []
        """Where the wall clock did not go along with the machine's own."""
        self.cuts: list[Checkpoint] = []
        self.drops: list[Checkpoint] = []

    @property
    def key(self) -> PublicKey | None:
        """The key in use at the end."""
        return self.keys[-1] if self.keys else None

    @property
    def receipts(self) -> tuple[TargetReceipt, ...]:
        """Those that the last checkpoint told of."""
        return self._previous.receipts if self._previous else ()

    @property
    def is_trusted(self) -> bool:
        """Whether the key that was given from outside is one of those that signed."""
        return self._trusted is not None and self._trusted in self.keys

    def see(self, statement: Statement) -> None:
        """The next one."""
        place = statement.place
        try:
            found = Checkpoint.model_validate(statement.record)
            key = PublicKey.parse(found.public_key)
        except ValueError:
            self.faults.append(Fault(place.seq, "not a checkpoint"))
            return
        if reason := self._fault(statement, found, key):
            self.faults.append(Fault(place.seq, reason))
        else:
            self.count += 1
            self.signed_to = found.head_seq
        if key not in self.keys:
            self.keys.append(key)
        self._note(place, found)

    def _fault(self, statement: Statement, found: Checkpoint, key: PublicKey) -> str | None:
        span = statement.span
        if not key.verifies(signed_bytes(statement.record), found.signature):
            return "the signature is not of this checkpoint"
        if (found.head_seq, found.head_hash) != (statement.place.seq - 1, statement.head_hash.hex()):
            return "it vouches for another history: the entry before it is not the one that was signed"
        if self._previous and self._place:
            if (found.previous_seq, found.previous_hash) != (self._place.seq, self._place.hash.hex()):
                return "it does not follow the checkpoint before it"
            if key.text not in (self._previous.public_key, self._previous.next_public_key):
                return "the key was changed, and the one before it did not sign that"
        begins = span and span.checkpoint and span.checkpoint.seq
        if span and span.hash != found.span_hash and begins == found.previous_seq:
            return "the entries before it are not those that were signed"
        return None

    def _note(self, place: CheckpointPlace, found: Checkpoint) -> None:
        before = self._previous
        if before and found.boot_id and before.boot_id == found.boot_id:
            wall = (found.observed_at - before.observed_at).total_seconds() * 1000
            drift = wall - (found.boot_ms - before.boot_ms)
            if abs(drift) > CLOCK_TOLERANCE_MS:
                way = "forward" if drift > 0 else "back"
                self.clock.append(Fault(place.seq, f"set {way} by {abs(drift) / 1000:.0f} s"))
        elif before and found.observed_at < before.observed_at:
            seconds = (before.observed_at - found.observed_at).total_seconds()
            self.clock.append(Fault(place.seq, f"set back by {seconds:.0f} s or more, over a restart of the machine"))
        if found.cut:
            self.cuts.append(found)
        if found.dropped:
            self.drops.append(found)
        self._previous, self._place = found, place
