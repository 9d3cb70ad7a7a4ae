"""When a checkpoint is due, and what it says."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from agent.journal.entry import Line
from agent.journal.journal import Journal, Transaction
from agent.journal.keys import Keys, Problem
from agent.journal.receipts import last_receipts
from agent.journal.settings import JournalSettings
from agent.journal.signatures import signed_bytes
from agent.journal.signing import SigningKey
from agent.records import Checkpoint, Evidence, TargetReceipt
from agent.records.checkpoint import CheckpointReason, ReplacedChain
from agent.runtime.boot_clock import boot_time

_CONTROLS = ("clause 9",)


class Checkpoints:
    """Signs the journal's head, after so many entries or so much time, and whenever somebody asks."""

    def __init__(self, journal: Journal, keys: Keys, settings: JournalSettings) -> None:
        self._journal = journal
        self._keys = keys
        self._settings = settings
        self._last = time.monotonic()

    def start(self, replaces: ReplacedChain | None = None) -> list[Problem]:
        """Make sure that the journal is signed with the key at hand; what was found wrong with it.

        Raises `JournalError`.
        """
        problems = list(self._keys.problems)
        last = self._journal.last_checkpoint()
        if last and self._keys.next and last.next_public_key == self._keys.next.public.text:
            self._keys = self._keys.adopt_next()
        ours = self._keys.current.public.text
        if last is None or ours not in (last.public_key, last.next_public_key):
            if last:
                was = f"was {last.key_id}, is {self._keys.current.public.id}"
                problems.append(Problem("journal.key_changed", f"nothing hands the key over: it {was}"))
            with self._journal.transaction() as step:
                self.append(step, "begin", replaces=replaces)
        if self._keys.next:
            with self._journal.transaction() as step:
                self.append(step, "key", next_public_key=self._keys.next.public.text)
            self._keys = self._keys.adopt_next()
        return problems

    def append_if_due(self, step: Transaction) -> None:
        """At the end of each step."""
        # The last checkpoint itself is one of the span: a journal in which nothing happens gets none.
        waiting = step.span.count - 1
        late = time.monotonic() - self._last >= self._settings.checkpoint_seconds
        if waiting >= self._settings.checkpoint_entries or (late and waiting > 0):
            self.append(step, "interval")

    def append(self, step: Transaction, reason: CheckpointReason, **details: Any) -> Line:
        """A signed entry about all entries before it, in the step that is under way."""
        self._last = time.monotonic()
        record = _signed(self._unsigned(step, reason, details), self._keys.current)
        return step.append("checkpoint", record, at=datetime.fromisoformat(record["observed_at"]), controls=_CONTROLS)

    def _unsigned(self, step: Transaction, reason: CheckpointReason, details: dict[str, Any]) -> Checkpoint:
        now, boot, key, before = datetime.now(UTC), boot_time(), self._keys.current.public, step.span.checkpoint
        return Checkpoint(
            endpoint_id=self._journal.endpoint_id,
            evidence=Evidence(collector="rollcall", confidence="confirmed"),
            observed_at=now,
            reason=reason,
            chain=step.chain,
            head_seq=step.head.seq,
            head_hash=step.head.hash.hex(),
            previous_seq=before and before.seq,
            previous_hash=before and before.hash.hex(),
            span_hash=step.span.hexdigest(),
            boot_id=boot.boot_id,
            boot_ms=boot.milliseconds,
            key_id=key.id,
            public_key=key.text,
            receipts=tuple(
                TargetReceipt(target=r.target, seq=r.seq, hash=r.hash.hex()) for r in last_receipts(step.connection)
            ),
            **details,
        )


def _signed(checkpoint: Checkpoint, key: SigningKey) -> dict[str, Any]:
    record = checkpoint.model_dump(mode="json", by_alias=True)
    return {**record, "signature": key.sign(signed_bytes(record))}
