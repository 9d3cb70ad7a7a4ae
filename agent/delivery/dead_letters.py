"""Entries that a target would not take: kept, told of in the journal, and sent again when somebody asks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from agent.delivery.batch import Batch
from agent.journal.journal import Journal
from agent.records import Diagnostic, Evidence


class DeadLetter(NamedTuple):
    """An entry that a target will never take; it stays in the journal."""

    target: str
    seq: int
    at: str
    """UTC, RFC 3339: when it was refused last."""
    reason: str
    retry: bool = False
    """Whether it is to be sent once more."""


def dead_letters(connection: sqlite3.Connection, target: str | None = None) -> list[DeadLetter]:
    """Those of one target, or all, by number."""
    query = (
        "SELECT target, seq, at, reason, retry FROM dead_letters "
        "WHERE target = coalesce(?, target) ORDER BY target, seq"
    )
    return [
        DeadLetter(name, seq, at, reason, bool(retry))
        for name, seq, at, reason, retry in connection.execute(query, (target,))
    ]


def keep_dead_letters(connection: sqlite3.Connection, target: str, entries: Iterable[int], reason: str) -> None:
    """Put entries among the dead letters, or renew why they are."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    rows = [(target, seq, now, reason) for seq in entries]
    query = "INSERT OR REPLACE INTO dead_letters (target, seq, at, reason, retry) VALUES (?, ?, ?, ?, 0)"
    connection.executemany(query, rows)


def drop_dead_letter(connection: sqlite3.Connection, target: str, seq: int) -> None:
    """The target took it after all."""
    connection.execute("DELETE FROM dead_letters WHERE target = ? AND seq = ?", (target, seq))


def dead_letter_notice(endpoint_id: str, target: str, span: tuple[int, int], reason: str) -> Diagnostic:
    """What the journal says of entries that became dead letters; `audit verify` looks for it."""
    first, last = span
    return _notice(
        endpoint_id,
        "delivery.dead_letter",
        f"target {target}: entry {first if first == last else f'{first}-{last}'} not taken: {reason}",
    )


def loss_notice(batch: Batch, target: str, loss: str) -> Diagnostic:
    """What the journal says where a target has lost some entries of a batch, and does not name them."""
    span = f"entries {batch.first_seq}-{batch.last_seq}"
    return _notice(batch.endpoint_id, "delivery.lost", f"target {target}: {span}: not taken, and not to repeat: {loss}")


def _notice(endpoint_id: str, code: str, message: str) -> Diagnostic:
    evidence = Evidence(collector="rollcall", confidence="confirmed")
    return Diagnostic(endpoint_id=endpoint_id, evidence=evidence, code=code, message=message)


def request_retry(journal: Journal, target: str | None, entries: Iterable[int] | None) -> int:
    """Have dead letters sent once more with the next delivery, all or those of these numbers; how many. Raises
    `JournalError`."""
    wanted = None if entries is None else set(entries)
    with journal.transaction() as step:
        rows = [
            (letter.target, letter.seq)
            for letter in dead_letters(step.connection, target)
            if wanted is None or letter.seq in wanted
        ]
        step.connection.executemany("UPDATE dead_letters SET retry = 1 WHERE target = ? AND seq = ?", rows)
    return len(rows)
