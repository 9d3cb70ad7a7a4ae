"""What is kept of the journal: the oldest entries go once everybody has them, in pieces that stop nobody.

Where the disk's budget is used up while a target still waits, entries of little value go first, then the oldest.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from agent.journal.checkpoints import Checkpoints
from agent.journal.dropped import Dropping
from agent.journal.entry import wire_time
from agent.journal.journal import Journal
from agent.records.checkpoint import Cut
from agent.runtime.boot_clock import boot_time

_PIECE = 250
"""Entries removed in one transaction: a few milliseconds."""
_PAGES = 128
"""Pages of the file given back to the disk at a time."""
_ROOM = 0.9
"""How full the file is after a cut for its size."""
_NO_EARLIER = wire_time(datetime(2025, 1, 1, tzinfo=UTC))
"""No journal is older: an entry that says so was written while the clock was wrong, as in 1970 without a battery."""
_STEADY = timedelta(hours=1)
"""A clock that was set by more than this since the start says nothing of the age of an entry."""


class Keep(NamedTuple):
    """How much of the journal is kept."""

    days: float
    bytes: int


class Retention:
    """Cuts the journal before one of its checkpoints, so that what is left begins with a signature."""

    def __init__(self, journal: Journal, checkpoints: Checkpoints, targets: Collection[str]) -> None:
        self._journal = journal
        self._checkpoints = checkpoints
        self._targets = targets
        self._dropping = Dropping(targets)
        self._short = False
        """Whether room is being made."""
        self._started = datetime.now(UTC), boot_time().milliseconds

    @property
    def short(self) -> bool:
        """Whether the file was found too large and is not yet as small as it shall be."""
        return self._short

    def step(self, keep: Keep, snapshot_seq: int, digest: str) -> bool:
        """Do a piece of what is due; whether there is more.

        `snapshot_seq` is where the last whole snapshot of the inventory begins: it stays, for whoever starts from it.
        `digest` is that of the inventory now. Raises `JournalError`.
        """
        if self._remove() or self._give_back():
            return True
        with self._journal.transaction() as step:
            waiting = self._waiting(step.connection, keep)
            cut = self._due(step.connection, keep, min([snapshot_seq, *waiting.values()]))
            # The span is read while all its entries are there.
            if cut is None and step.span.count and self._is_short(step.connection, keep):
                dropped = self._dropping.step(step.connection, snapshot_seq)
                if dropped and dropped.ranges:
                    self._checkpoints.append(step, "drop", dropped=dropped, inventory_digest=digest)
                if dropped:
                    return True
                cut = self._due(step.connection, keep, snapshot_seq)
            if cut is None:
                return False
            self._checkpoints.append(step, "cut", cut=cut, inventory_digest=digest)
            row = cut.last_seq, self._journal.hash_at(cut.last_seq)
            step.connection.execute("UPDATE meta SET cut_seq = ?, cut_hash = ?", row)
        return True

    def _is_short(self, connection: sqlite3.Connection, keep: Keep) -> bool:
        """Whether the file is too large, or was and is not yet as small as it shall be."""
        used = _used(connection)
        if used > keep.bytes and not self._short:
            self._dropping.begin()
        self._short = used > keep.bytes * (_ROOM if self._short else 1)
        return self._short

    def _due(self, connection: sqlite3.Connection, keep: Keep, limit: int) -> Cut | None:
        (cut_seq,) = connection.execute("SELECT cut_seq FROM meta").fetchone()
        # Of what is too old nothing younger goes; for room the rest up to the next signature goes too.
        query = """SELECT max(seq) FROM checkpoints WHERE seq > :first AND seq <= :limit AND (seq <= :old OR :much > 0
            AND seq <= (SELECT ifnull(min(seq), 9e18) FROM checkpoints WHERE seq >= :much))"""
        old, much = self._expired(connection, keep), _too_much(connection, keep, cut_seq)
        given = {"first": cut_seq + 1, "limit": limit, "old": old, "much": much}
        (first_kept,) = connection.execute(query, given).fetchone()
        if first_kept is None:
            return None
        counts: Counter[str] = Counter()
        rows = connection.execute(
            "SELECT counts FROM checkpoints WHERE seq <= ? AND seq > ?", (first_kept, cut_seq + 1)
        )
        for (text,) in rows:
            counts.update(json.loads(text))
        return Cut(
            first_seq=cut_seq + 1,
            last_seq=first_kept - 1,
            counts=dict(sorted(counts.items())),
            not_accepted=_not_accepted(connection, first_kept, self._targets),
        )

    def _waiting(self, connection: sqlite3.Connection, keep: Keep) -> dict[str, int]:
        """The last entry each target accepted; one that took nothing for as long as entries are kept is given up."""
        rows = connection.execute("SELECT name, accepted, last_success FROM targets").fetchall()
        known = {name: (accepted, success) for name, accepted, success in rows}
        found = {}
        for name in self._targets:
            accepted, success = known.get(name, (0, None))
            if success is None or datetime.now(UTC) - _moment(success) < timedelta(days=keep.days):
                found[name] = accepted
        return found

    def _expired(self, connection: sqlite3.Connection, keep: Keep) -> int:
        """The last checkpoint that is too old; 0 where none is, or the clock cannot be relied on."""
        now, (wall, boot) = datetime.now(UTC), self._started
        drift = (now - wall) - timedelta(milliseconds=boot_time().milliseconds - boot)
        if abs(drift) > _STEADY:
            return 0
        limit = wire_time(now - timedelta(days=keep.days))
        # What stands behind a younger entry is younger still, whatever a clock that was wrong for a while made of it.
        query = """SELECT max(seq) FROM checkpoints WHERE at >= ? AND at < ? AND seq < ifnull(
            (SELECT min(seq) FROM checkpoints WHERE at >= ? AND at <= ?), 9e18)"""
        return int(connection.execute(query, (_NO_EARLIER, limit, limit, wire_time(now))).fetchone()[0] or 0)

    def _remove(self) -> bool:
        """Remove some of the entries that are cut; whether there were any."""
        with self._journal.transaction() as step:
            (cut_seq,) = step.connection.execute("SELECT cut_seq FROM meta").fetchone()
            query = "SELECT min(seq) FROM (SELECT min(seq) AS seq FROM entries UNION ALL SELECT min(seq) FROM dropped)"
            (first,) = step.connection.execute(query).fetchone()
            if first is None or first > cut_seq:
                return False
            last = min(cut_seq, first + _PIECE - 1)
            for table in ("entries", "dropped", "checkpoints", "dead_letters", "subjects"):
                step.connection.execute(f"DELETE FROM {table} WHERE seq <= ?", (last,))  # noqa: S608 - our own names
        return True

    def _give_back(self) -> bool:
        """Give some of the file's unused room back to the disk; whether there may be more."""
        with self._journal.reading() as connection:
            (free,) = connection.execute("PRAGMA freelist_count").fetchone()
            if free <= _PAGES:
                return False
            # As a script: `execute` would take one step of it, which is one page.
            connection.executescript(f"PRAGMA incremental_vacuum({_PAGES})")
            return bool(connection.execute("PRAGMA freelist_count").fetchone()[0] < free)


def _too_much(connection: sqlite3.Connection, keep: Keep, cut_seq: int) -> int:
    """The entry up to which all must go for the file to be small enough; 0 where it is."""
    used = _used(connection)
    if used <= keep.bytes:
        return 0
    (head,) = connection.execute("SELECT head_seq FROM meta").fetchone()
    return int(cut_seq + (head - cut_seq) * (used - _ROOM * keep.bytes) / used) + 1


def _used(connection: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _not_accepted(connection: sqlite3.Connection, first_kept: int, targets: Collection[str]) -> dict[str, int]:
    """How many of the entries before `first_kept` each configured target has not taken."""
    accepted = dict(connection.execute("SELECT name, accepted FROM targets"))
    dead = dict(
        connection.execute("SELECT target, count(*) FROM dead_letters WHERE seq < ? GROUP BY target", (first_kept,))
    )
    missing = {name: dead.get(name, 0) + max(0, first_kept - 1 - accepted.get(name, 0)) for name in targets}
    return {name: count for name, count in sorted(missing.items()) if count}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
