"""Why delivery to a target does not get on: kept beside its cursor, for everybody who asks."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import NamedTuple


class Failure(NamedTuple):
    """What went wrong last with a target, until it takes something again."""

    reason: str
    """In words, without any secret."""
    since: str
    """UTC, RFC 3339: when it took nothing for the first time, for whatever reason."""


def failure_of(connection: sqlite3.Connection, target: str) -> Failure | None:
    """None where its last attempt went well, or there was none."""
    row = connection.execute("SELECT reason, since FROM target_failures WHERE name = ?", (target,)).fetchone()
    return Failure(*row) if row else None


def keep_failure(connection: sqlite3.Connection, target: str, reason: str) -> None:
    """Another reason does not make it a new failure."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    query = "INSERT INTO target_failures VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET reason = excluded.reason"
    connection.execute(query, (target, reason, now))


def drop_failure(connection: sqlite3.Connection, target: str) -> None:
    """It took something."""
    connection.execute("DELETE FROM target_failures WHERE name = ?", (target,))
