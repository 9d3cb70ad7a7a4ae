"""How far one target has come: kept in the journal's file, so that no crash can forget it."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import NamedTuple

from agent.delivery.batch import Batch
from agent.delivery.dead_letters import (
    DeadLetter,
    dead_letter_notice,
    dead_letters,
    drop_dead_letter,
    keep_dead_letters,
    loss_notice,
)
from agent.delivery.failure import Failure, drop_failure, failure_of, keep_failure
from agent.delivery.position import Position
from agent.journal.journal import Journal, Transaction
from agent.journal.receipts import Receipt, keep_receipt
from agent.records import Diagnostic


class TargetStatus(NamedTuple):
    """Where delivery to one target stands."""

    name: str
    acknowledged: int
    """Last entry that is settled: accepted, or refused for good."""
    backlog: int
    dead_letters: int
    last_error: str | None
    """Why its last attempt failed; None when it did not."""
    failing_since: str | None
    """When it last began to take nothing; UTC, RFC 3339, as is `last_success`."""
    last_success: str | None


class Cursor:
    """The durable position of one target."""

    def __init__(self, journal: Journal, target: str) -> None:
        self._journal = journal
        self._target = target

    def load(self) -> Position:
        """Where delivery stands. What is settled must have been accepted or be a dead letter: a position that somebody
        pushed beyond that is not believed."""
        with self._journal.reading() as connection:
            row = connection.execute(
                "SELECT done, accepted, sending, last_success FROM targets WHERE name = ?", (self._target,)
            ).fetchone()
            (cut,) = connection.execute("SELECT cut_seq FROM meta").fetchone()
            position = Position(*row) if row else Position()
            if position.done > max(position.accepted, cut):
                count = "SELECT count(*) FROM dead_letters WHERE target = ? AND seq > ? AND seq <= ?"
                settled = max(position.accepted, cut)
                (dead,) = connection.execute(count, (self._target, settled, position.done)).fetchone()
                if dead < position.done - settled:
                    position = position._replace(done=settled, sending=None)
        # What retention cut can be sent to nobody any more.
        return position if position.done >= cut else position._replace(done=cut, sending=None)

    def begin(self, last_seq: int) -> None:
        """Fix the bounds of the batch that is about to be sent."""
        self._store(self.load()._replace(sending=last_seq))

    def reset(self) -> None:
        """Let go of the batch under way: the next one may have other bounds."""
        self._store(self.load()._replace(sending=None))

    def accept(self, last_seq: int, receipt: Receipt | None = None, sending: int | None = None) -> None:
        """The target has everything up to `last_seq`, and said so with this receipt; the bounds of the next batch are
        fixed with it."""
        # Waiting for the disk would cost more than sending: where the power fails, the same is sent once more.
        with self._journal.transaction(durable=False) as step:
            self._put_accepted(step.connection, last_seq, sending)
            if receipt:
                keep_receipt(step.connection, receipt)

    def accept_but(self, batch: Batch, refused: tuple[tuple[int, str], ...]) -> None:
        """The target has the batch but for these entries, which become dead letters."""
        with self._journal.transaction() as step:
            self._put_accepted(step.connection, batch.last_seq)
            for seq, reason in refused:
                keep_dead_letters(step.connection, self._target, [seq], reason)
                if not batch.is_notice_at(seq):
                    _tell(step, dead_letter_notice(batch.endpoint_id, self._target, (seq, seq), reason))

    def accept_with_loss(self, batch: Batch, loss: str) -> None:
        """The target has the batch, but not all of it, and does not say what is missing: the journal does."""
        with self._journal.transaction() as step:
            self._put_accepted(step.connection, batch.last_seq)
            if not batch.is_notice:
                _tell(step, loss_notice(batch, self._target, loss))

    def rewind(self, seq: int) -> None:
        """The target asks to continue with `seq`."""
        position = self.load()
        self._store(position._replace(done=seq - 1, accepted=seq - 1, sending=None))

    def dead_letter(self, batch: Batch, reason: str) -> None:
        """Make the entries of a batch dead letters, say so in the journal, and go on behind them."""
        position = self.load()._replace(done=batch.last_seq, sending=None)
        with self._journal.transaction() as step:
            keep_dead_letters(step.connection, self._target, range(batch.first_seq, batch.last_seq + 1), reason)
            self._put(step.connection, position)
            if not batch.is_notice:
                # A notice about a refused notice about a refused notice would never end.
                span = batch.first_seq, batch.last_seq
                _tell(step, dead_letter_notice(batch.endpoint_id, self._target, span, reason))

    def settle_retry(self, seq: int, reason: str | None) -> None:
        """What became of a dead letter that was sent once more: taken, or refused again for this reason."""
        with self._journal.transaction() as step:
            if reason is None:
                drop_dead_letter(step.connection, self._target, seq)
                drop_failure(step.connection, self._target)
            else:
                keep_dead_letters(step.connection, self._target, [seq], reason)

    def next_retry(self) -> int | None:
        """The first dead letter that is to be sent once more."""
        return next((letter.seq for letter in self.dead_letters() if letter.retry), None)

    def dead_letters(self) -> list[DeadLetter]:
        with self._journal.reading() as connection:
            return dead_letters(connection, self._target)

    def failed(self, reason: str) -> None:
        """An attempt failed; written only where the reason is another one."""
        failure = self.failure()
        if failure is None or failure.reason != reason:
            with self._journal.transaction() as step:
                keep_failure(step.connection, self._target, reason)

    def failure(self) -> Failure | None:
        with self._journal.reading() as connection:
            return failure_of(connection, self._target)

    def status(self) -> TargetStatus:
        """Where the target stands."""
        position, letters, failure = self.load(), self.dead_letters(), self.failure()
        return TargetStatus(
            name=self._target,
            acknowledged=position.done,
            backlog=self._journal.head().seq - position.done + sum(letter.retry for letter in letters),
            dead_letters=len(letters),
            last_error=failure.reason if failure else None,
            failing_since=failure.since if failure else None,
            last_success=position.last_success,
        )

    def _put_accepted(self, connection: sqlite3.Connection, last_seq: int, sending: int | None = None) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._put(connection, Position(last_seq, last_seq, sending, now))
        drop_failure(connection, self._target)

    def _store(self, position: Position) -> None:
        with self._journal.transaction() as step:
            self._put(step.connection, position)

    def _put(self, connection: sqlite3.Connection, position: Position) -> None:
        connection.execute("INSERT OR REPLACE INTO targets VALUES (?, ?, ?, ?, ?)", (self._target, *position))


def _tell(step: Transaction, notice: Diagnostic) -> None:
    step.append("notice", notice.model_dump(mode="json", by_alias=True))
