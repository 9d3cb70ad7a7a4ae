"""How far one target has come: kept in the journal's file, so that no crash can forget it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from agent.delivery.dead_letters import DeadLetter, dead_letters, keep_dead_letters
from agent.journal.journal import Journal


class Position(NamedTuple):
    """Everything up to `done` is settled."""

    done: int = 0
    """Last entry that was accepted or became a dead letter."""
    accepted: int = 0
    """Last entry the target has accepted."""
    sending: int | None = None
    """Last entry of the batch under way, fixed before its first attempt."""
    last_success: str | None = None


class TargetStatus(NamedTuple):
    """Where delivery to one target stands."""

    name: str
    acknowledged: int
    """Last entry that is settled: accepted, or refused for good."""
    backlog: int
    dead_letters: int
    last_error: str | None
    last_success: str | None
    """UTC, RFC 3339."""


class Cursor:
    """The durable position of one target."""

    def __init__(self, journal: Journal, target: str) -> None:
        self._journal = journal
        self._target = target

    def load(self) -> Position:
        with self._journal.reading() as connection:
            row = connection.execute(
                "SELECT done, accepted, sending, last_success FROM targets WHERE name = ?", (self._target,)
            ).fetchone()
        return Position(*row) if row else Position()

    def begin(self, last_seq: int) -> None:
        """Fix the bounds of the batch that is about to be sent."""
        self._store(self.load()._replace(sending=last_seq))

    def reset(self) -> None:
        """Let go of the batch under way: the next one may have other bounds."""
        self._store(self.load()._replace(sending=None))

    def accept(self, last_seq: int) -> None:
        """The target has everything up to `last_seq`."""
        self._store(Position(last_seq, last_seq, None, datetime.now(UTC).isoformat(timespec="seconds")))

    def rewind(self, seq: int) -> None:
        """The target asks to continue with `seq`."""
        position = self.load()
        self._store(position._replace(done=seq - 1, accepted=seq - 1, sending=None))

    def dead_letter(self, first_seq: int, last_seq: int, reason: str) -> None:
        """Make entries dead letters and go on behind them."""
        position = self.load()._replace(done=last_seq, sending=None)
        with self._journal.transaction() as step:
            keep_dead_letters(step.connection, self._target, range(first_seq, last_seq + 1), reason)
            step.connection.execute("INSERT OR REPLACE INTO targets VALUES (?, ?, ?, ?, ?)", (self._target, *position))

    def dead_letters(self) -> list[DeadLetter]:
        with self._journal.reading() as connection:
            return dead_letters(connection, self._target)

    def dead_letter_count(self) -> int:
        with self._journal.reading() as connection:
            row = connection.execute("SELECT count(*) FROM dead_letters WHERE target = ?", (self._target,)).fetchone()
        return int(row[0])

    def status(self, last_error: str | None) -> TargetStatus:
        """Where the target stands; what went wrong last is known to the sender only."""
        position = self.load()
        return TargetStatus(
            name=self._target,
            acknowledged=position.done,
            backlog=self._journal.head().seq - position.done,
            dead_letters=self.dead_letter_count(),
            last_error=last_error,
            last_success=position.last_success,
        )

    def _store(self, position: Position) -> None:
        with self._journal.transaction() as step:
            step.connection.execute("INSERT OR REPLACE INTO targets VALUES (?, ?, ?, ?, ?)", (self._target, *position))
