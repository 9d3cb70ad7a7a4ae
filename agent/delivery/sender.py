"""One thread per target: reads the journal from the target's cursor, sends, and moves the cursor on."""

from __future__ import annotations

import json
import threading
import time

from agent.delivery.backoff import Backoff, backoff, patient, slow
from agent.delivery.batch import Batch, next_batch
from agent.delivery.contract import Accepted, Misconfigured, Notice, Outcome, Refused, Retry, Rewind, Target, ignore
from agent.delivery.cursor import Cursor, TargetStatus
from agent.delivery.settings import TargetSettings
from agent.journal.errors import JournalError
from agent.journal.journal import Journal

_PATIENCE = 20
"""Dead letters in a row after which the target, not the entries, is suspected: from then on each costs a pause."""


class Sender:
    """Delivers everything in order, at least once; the target removes duplicates by batch id and entry number."""

    def __init__(self, journal: Journal, target: Target, settings: TargetSettings, on_notice: Notice = ignore) -> None:
        self._journal = journal
        self._target = target
        self._settings = settings
        self._on_notice = on_notice
        self._cursor = Cursor(journal, target.name)
        self._pause = Backoff()
        self._thread = threading.Thread(target=self._run, name=f"sender-{target.name}", daemon=True)
        self._progress = threading.Condition()
        self._failures = 0
        self._buried = 0
        self._suspect = 0
        self._hopeless = False
        self._error: str | None = None

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
        return self._cursor.status(self._error)

    def _run(self) -> None:
        while not self._pause.stopped:
            try:
                delay = self._step()
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
        position = self._cursor.load()
        records = self._settings.max_records
        if position.sending is None and position.done < self._suspect:
            # (done, suspect] was refused as a whole, so half of it is the next question.
            records = max(1, (self._suspect - position.done) // 2)
        batch = next_batch(self._journal, position, records, self._settings.max_bytes)
        if batch is None:
            return None
        if batch.size > self._settings.max_bytes and len(batch.lines) == 1:
            return self._settle(batch, Refused(f"larger than {self._settings.max_bytes} bytes"))
        if position.sending != batch.last_seq:
            self._cursor.begin(batch.last_seq)
        return self._settle(batch, self._target.send(batch))

    def _settle(self, batch: Batch, outcome: Outcome) -> float:
        self._hopeless = isinstance(outcome, Misconfigured)
        match outcome:
            case Accepted():
                self._cursor.accept(batch.last_seq)
                self._failures, self._buried, self._error = 0, 0, None
                return 0.0
            case Refused(reason, splittable):
                return self._refused(batch, reason, splittable)
            case Rewind(seq, reason):
                self._suspect = 0
                self._cursor.rewind(seq)
                return self._failed(reason)
            case Retry(reason, after):
                return self._failed(reason, after)
            case Misconfigured(reason):
                return self._misconfigured(reason)

    def _failed(self, reason: str, after: float | None = None) -> float:
        self._failures += 1
        self._error = reason
        return backoff(self._failures, self._settings.backoff_cap) if after is None else patient(after)

    def _misconfigured(self, reason: str) -> float:
        if self._error != reason:
            self._on_notice("delivery.misconfigured", f"target {self._target.name}: {reason}")
        self._failed(reason)
        return slow(self._failures, self._settings.backoff_cap)

    def _refused(self, batch: Batch, reason: str, splittable: bool) -> float:
        if splittable and len(batch.lines) > 1:
            self._suspect = batch.last_seq
            self._cursor.reset()
            return 0.0
        self._cursor.dead_letter(batch.first_seq, batch.last_seq, reason)
        self._suspect = 0
        self._error = reason
        self._buried += len(batch.lines)
        if not _is_notice(batch):
            # A notice about a refused notice about a refused notice would never end.
            span = f"{batch.first_seq}" if len(batch.lines) == 1 else f"{batch.first_seq}-{batch.last_seq}"
            self._on_notice("delivery.dead_letter", f"target {self._target.name}: entry {span} not taken: {reason}")
        return 0.0 if self._buried < _PATIENCE else self._failed(reason)


def _is_notice(batch: Batch) -> bool:
    return len(batch.lines) == 1 and json.loads(batch.lines[0]).get("op") == "notice"
