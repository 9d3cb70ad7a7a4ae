"""One thread per target: reads the journal from the target's cursor, sends, and moves the cursor on."""

from __future__ import annotations

import contextlib
import threading
import time

from agent.delivery.backoff import Backoff, backoff, patient, slow
from agent.delivery.batch import Batch, batch_of, next_batch
from agent.delivery.contract import (
    Accepted,
    Misconfigured,
    Outcome,
    PartlyRefused,
    Refused,
    Retry,
    Rewind,
    Target,
    Tell,
    say_nothing,
)
from agent.delivery.cursor import Cursor, TargetStatus
from agent.delivery.host_pauses import HostPauses
from agent.delivery.position import Position
from agent.delivery.settings import TargetSettings
from agent.journal.errors import JournalError
from agent.journal.journal import Journal
from agent.journal.receipts import Receipt
from agent.journal.signing import PublicKey


class Sender:
    """Delivers everything in order, at least once; the target removes duplicates by batch id and entry number."""

    def __init__(
        self,
        journal: Journal,
        target: Target,
        settings: TargetSettings,
        on_notice: Tell = say_nothing,
        pauses: HostPauses | None = None,
    ) -> None:
        """`pauses` are those of all that send to the same hosts."""
        self._pauses = pauses or HostPauses()
        self._journal = journal
        self._target = target
        self._settings = settings
        self._on_notice = on_notice
        self._cursor = Cursor(journal, target.name)
        self._pause = Backoff()
        self._thread = threading.Thread(target=self._run, name=f"sender-{target.name}", daemon=True)
        self._progress = threading.Condition()
        self._failures = 0
        self._suspect = 0
        self._hopeless = False
        self._ready: Batch | None = None
        """The next batch, whose bounds are fixed and which was not sent yet."""
        self._noticed: str | None = None
        key = getattr(settings, "receipt_key", "")
        self._key = PublicKey.parse(key) if key else None

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There is something new in the journal. Does not cut a back-off short."""
        self._pause.wake()

    def stop(self, timeout: float = 2.0) -> bool:
        """Whether the thread ended in time. One that hangs is left behind: what it sends is sent again next time."""
        self._pause.stop()
        self._target.abort()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def flush(self, timeout: float) -> bool:
        """Wait until everything journaled so far is settled; false when time is up or the set-up is at fault."""
        goal, deadline = self._journal.head().seq, time.monotonic() + timeout
        self.wake()
        while (left := deadline - time.monotonic()) > 0:
            if self._cursor.load().done >= goal:
                return True
            if self._hopeless or not self._thread.is_alive():
                return False
            with self._progress:
                self._progress.wait(min(left, 0.2))
        return False

    def status(self) -> TargetStatus:
        return self._cursor.status()

    def _run(self) -> None:
        while not self._pause.stopped:
            try:
                delay = self._pauses.left(self._settings.destination) or self._step()
            except JournalError as error:
                delay = self._failed(str(error))
            except Exception as error:
                # A fault in a target must not end the thread; its text may hold anything, its class may not.
                delay = self._failed(f"internal error: {type(error).__name__}")
            with self._progress:
                self._progress.notify_all()
            if delay is None:
                self._pause.idle()
            elif delay > 0:
                self._pause.rest(delay)
        self._target.close()
        self._journal.release()

    def _step(self) -> float | None:
        """Send one batch; the seconds to wait before the next, or None until there is something new."""
        position, ready = self._cursor.load(), self._ready
        self._ready = None
        if ready and (position.done, position.sending) == (ready.follows, ready.last_seq):
            return self._settle(ready, self._target.send(ready))
        records = self._settings.max_records
        if position.sending is None and position.done < self._suspect:
            # (done, suspect] was refused as a whole, so half of it is the next question.
            records = max(1, (self._suspect - position.done) // 2)
        batch = next_batch(self._journal, position, records, self._settings.max_bytes)
        if batch is None:
            return self._retry()
        if batch.size > self._settings.max_bytes and len(batch.lines) == 1:
            return self._dead_letter(batch, f"larger than {self._settings.max_bytes} bytes")
        if position.sending != batch.last_seq:
            self._cursor.begin(batch.last_seq)
        return self._settle(batch, self._target.send(batch))

    def _settle(self, batch: Batch, outcome: Outcome) -> float:
        self._hopeless = isinstance(outcome, Misconfigured)
        match outcome:
            case Accepted(receipt, loss):
                if fault := self._fault_of(receipt):
                    return self._misconfigured(fault)
                if loss:
                    self._cursor.accept_with_loss(batch, loss)
                else:
                    self._accept(batch, receipt)
                self._works()
                return 0.0
            case PartlyRefused(entries):
                self._cursor.accept_but(batch, entries)
                self._works()
                return 0.0
            case Refused(reason, splittable):
                return self._refused(batch, reason, splittable)
            case Rewind(seq, reason):
                self._suspect = 0
                self._cursor.rewind(seq)
                return self._failed(reason)
            case Retry(reason, after):
                return self._later(reason, after)
            case Misconfigured(reason):
                return self._misconfigured(reason)

    def _accept(self, batch: Batch, receipt: Receipt | None) -> None:
        """In one step with the bounds of the next batch: one write to the disk for each, not two."""
        following: Batch | None = None
        if batch.last_seq >= self._suspect:
            with contextlib.suppress(JournalError):
                position = Position(batch.last_seq, batch.last_seq)
                following = next_batch(self._journal, position, self._settings.max_records, self._settings.max_bytes)
        if following and following.size > self._settings.max_bytes:
            following = None
        self._cursor.accept(batch.last_seq, receipt, following.last_seq if following else None)
        self._ready = following

    def _works(self) -> None:
        self._failures, self._noticed = 0, None
        self._pauses.end(self._settings.destination)

    def _later(self, reason: str, after: float | None) -> float:
        delay = self._failed(reason, after)
        self._pauses.extend(self._settings.destination, delay)
        return delay

    def _failed(self, reason: str, after: float | None = None) -> float:
        self._failures += 1
        self._note(reason)
        return backoff(self._failures, self._settings.backoff_cap) if after is None else patient(after)

    def _misconfigured(self, reason: str) -> float:
        self._hopeless = True
        if reason not in (self._noticed, self._noted()):
            self._on_notice("delivery.misconfigured", f"target {self._target.name}: {reason}")
        self._noticed = reason
        self._failed(reason)
        return slow(self._failures, self._settings.backoff_cap)

    def _refused(self, batch: Batch, reason: str, splittable: bool) -> float:
        if splittable and len(batch.lines) > 1:
            self._suspect = batch.last_seq
            self._cursor.reset()
            return 0.0
        self._suspect = 0
        if not self._takes_others(batch):
            # A proxy or a collector that refuses whatever it is sent is at fault itself: no entry may pay for that.
            self._cursor.reset()
            return self._misconfigured(f"refuses also what it took before: {reason}")
        again = self._target.send(batch)
        return self._dead_letter(batch, again.reason) if isinstance(again, Refused) else self._settle(batch, again)

    def _takes_others(self, batch: Batch) -> bool:
        """Whether the target takes another entry just now: the last one that it has or, where it has none, the next."""
        accepted, cut = self._cursor.load().accepted, self._journal.cut().seq
        kept = self._journal.last_kept(accepted)
        other = kept if kept > cut else batch.last_seq + 1
        if other > self._journal.head().seq:
            return False
        return isinstance(self._target.send(batch_of(self._journal, other, accepted)), Accepted)

    def _dead_letter(self, batch: Batch, reason: str) -> float:
        self._cursor.dead_letter(batch, reason)
        self._note(f"entry {batch.first_seq} not taken: {reason}")
        return 0.0

    def _note(self, reason: str) -> None:
        # On a full disk what is wrong is said by those who could not write there.
        with contextlib.suppress(JournalError):
            self._cursor.failed(reason)

    def _noted(self) -> str | None:
        """What was wrong before, perhaps in another process."""
        with contextlib.suppress(JournalError):
            failure = self._cursor.failure()
            return failure.reason if failure else None
        return None

    def _retry(self) -> float | None:
        """Send a dead letter once more where somebody asked for that, None where there is none."""
        seq = self._cursor.next_retry()
        if seq is None:
            return None
        match self._target.send(batch_of(self._journal, seq, self._cursor.load().accepted)):
            case Accepted():
                self._cursor.settle_retry(seq, None)
                self._works()
                return 0.0
            case Refused(reason):
                self._cursor.settle_retry(seq, reason)
                return 0.0
            case PartlyRefused(entries):
                self._cursor.settle_retry(seq, entries[0][1])
                return 0.0
            case Retry(reason, after):
                return self._later(reason, after)
            case Rewind(_, reason) | Misconfigured(reason):
                return self._misconfigured(reason)

    def _fault_of(self, receipt: Receipt | None) -> str | None:
        """What is wrong with what the target says that it holds."""
        if self._key is None and receipt is None:
            return None
        if receipt is None:
            return "no signed receipt, and receipt_key asks for one"
        statement = receipt.statement(self._journal.chain, self._journal.endpoint_id)
        if self._key and not (receipt.signature and self._key.verifies(statement, receipt.signature)):
            return "the receipt is not signed with receipt_key"
        cut, head = self._journal.cut().seq, self._journal.head().seq
        if receipt.seq > head or (receipt.seq >= cut and self._journal.hash_at(receipt.seq) != receipt.hash):
            return "it acknowledges another history than this journal's"
        return None
