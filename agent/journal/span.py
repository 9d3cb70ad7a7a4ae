"""What the next checkpoint vouches for: the entries from the last one on."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from typing import Any, NamedTuple, Self

from pydantic_core import from_json


class CheckpointPlace(NamedTuple):
    """Number and hash of a checkpoint's entry."""

    seq: int
    hash: bytes


class Span:
    """SHA-256 over the hashes of consecutive entries, each as 64 hex digits and a line end.

    Over the hashes and not the entries, so that an export can leave an entry out and still show that it was there.
    """

    def __init__(self, checkpoint: CheckpointPlace | None = None) -> None:
        self.checkpoint = checkpoint
        """Where it begins; None for a journal without any checkpoint."""
        self.count = 0
        self.head_seq = 0
        self.kinds: Counter[str] = Counter()
        """How many entries there are of each kind of record."""
        self._digest = hashlib.sha256()

    def add(self, seq: int, digest: bytes, kind: str = "") -> None:
        self._digest.update(b"%s\n" % digest.hex().encode())
        self.count += 1
        self.head_seq = seq
        self.kinds[kind] += 1

    def copy(self) -> Self:
        twin = type(self)(self.checkpoint)
        twin.count, twin.head_seq, twin._digest = self.count, self.head_seq, self._digest.copy()
        twin.kinds = self.kinds.copy()
        return twin

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def begin_span(seq: int, digest: bytes) -> Span:
    """The span that begins with this checkpoint."""
    span = Span(CheckpointPlace(seq, digest))
    span.add(seq, digest, "checkpoint")
    return span


def read_span(connection: sqlite3.Connection) -> Span:
    """The span under way, read from the journal."""
    (last,) = connection.execute("SELECT max(seq) FROM checkpoints").fetchone()
    span = Span()
    query = "SELECT seq, hash, body FROM entries WHERE seq >= ? ORDER BY seq"
    for seq, digest, body in connection.execute(query, (last or 0,)):
        if seq == last:
            span = begin_span(seq, digest)
        else:
            span.add(seq, digest, _kind(body))
    return span


def kind_of(record: dict[str, Any] | None) -> str:
    """The kind of record an entry is about; empty for none."""
    return str(record.get("kind", "")) if record else ""


def _kind(body: bytes) -> str:
    try:
        return kind_of(from_json(body)["record"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return ""
