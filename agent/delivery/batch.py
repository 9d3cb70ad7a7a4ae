"""A run of consecutive journal entries that is sent, and sent again, as one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from agent.delivery.position import Position
from agent.journal.entry import Line
from agent.journal.errors import JournalDamagedError
from agent.journal.journal import Journal

HEADER_RESERVE = 1_000
"""Bytes kept free for what a target puts around the entries."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries `first_seq` to `last_seq` as the bytes that were hashed."""

    endpoint_id: str
    chain: str
    follows: int
    """Last entry the target accepted before. Entries between it and `first_seq` are dead letters of this target."""
    first_seq: int
    last_seq: int
    prev_hash: str
    """Hash of entry `first_seq - 1`, in hex; of the genesis for the first."""
    head_hash: str
    """Hash of entry `last_seq`, in hex; it vouches for every line."""
    lines: tuple[bytes, ...]
    again: bool = False
    """Whether an earlier attempt may have come a part of the way."""

    @property
    def batch_id(self) -> str:
        """The same for the same entries, in every attempt and after every restart; 32 hex digits."""
        parts = (self.endpoint_id, self.chain, self.follows, self.first_seq, self.last_seq, self.head_hash)
        return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:32]

    @property
    def is_notice(self) -> bool:
        """Whether it is a single entry about the daemon itself."""
        return len(self.lines) == 1 and self.is_notice_at(self.first_seq)

    def is_notice_at(self, seq: int) -> bool:
        """Whether one of the entries is about the daemon itself: that it was refused is told by no other notice."""
        return bool(json.loads(self.lines[seq - self.first_seq]).get("op") == "notice")

    @property
    def size(self) -> int:
        """Bytes, with the line ends and the reserve for a header."""
        return sum(map(len, self.lines)) + len(self.lines) + HEADER_RESERVE


def batch_of(journal: Journal, seq: int, accepted: int) -> Batch:
    """One entry on its own, wherever it lies to what was accepted. Raises `JournalDamagedError` where it is missing."""
    lines = journal.lines(seq - 1, 1)
    if not lines:
        raise JournalDamagedError(f"entry {seq} is missing")
    return _batch(journal, min(seq - 1, accepted), lines)


def next_batch(journal: Journal, position: Position, max_records: int, max_bytes: int) -> Batch | None:
    """The batch under way where there is one, else the next that fits; None when all is delivered.

    Raises `JournalDamagedError` where an entry is missing. A batch larger than `max_bytes` holds a single entry.
    """
    if position.sending is None:
        lines = journal.lines(position.done, max_records, max_bytes - HEADER_RESERVE)
    else:
        # Its bounds were fixed before the first attempt; today's limits must not change them.
        lines = journal.lines(position.done, position.sending - position.done, 1 << 40)
        lines = [line for line in lines if line.seq <= position.sending] or lines
    if not lines:
        if journal.head().seq < position.done:
            raise JournalDamagedError("the journal is shorter than what was delivered from it")
        return None
    return _batch(journal, position.accepted, lines, again=position.sending is not None)


def _batch(journal: Journal, follows: int, lines: list[Line], again: bool = False) -> Batch:
    return Batch(
        endpoint_id=journal.endpoint_id,
        chain=journal.chain,
        follows=follows,
        first_seq=lines[0].seq,
        last_seq=lines[-1].seq,
        prev_hash=journal.hash_at(lines[0].seq - 1).hex(),
        head_hash=lines[-1].hash.hex(),
        lines=tuple(line.body for line in lines),
        again=again,
    )
