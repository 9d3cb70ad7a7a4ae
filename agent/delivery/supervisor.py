"""The daemon's side of delivery: sees that a process delivers whenever there is something to send."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import threading
from pathlib import Path

from agent.delivery.backoff import Backoff, backoff
from agent.delivery.contract import Tell
from agent.delivery.cursor import Cursor, TargetStatus
from agent.delivery.messages import DeliveryJob, WorkerMessage
from agent.delivery.settings import TargetSettings, secret_files
from agent.journal.errors import JournalError
from agent.journal.journal import Journal
from agent.runtime.capabilities import reading_lent
from agent.runtime.child import start
from agent.runtime.logs import LogSettings, logger
from agent.runtime.power import battery_is_low

_LONGEST_BACKOFF = 300.0
_LINGER = 10.0
_LOW_BATTERY_SECONDS = 600.0
"""Between two deliveries while the battery is nearly empty."""


class DeliverySupervisor:
    """One thread, which sleeps or listens to the one process that delivers to all targets.

    Where each target stands is durable in the journal, so it does not matter when or how that process ends.
    """

    def __init__(
        self,
        journal: Journal,
        file: Path,
        targets: tuple[TargetSettings, ...],
        log: LogSettings,
        on_notice: Tell,
        linger: float = _LINGER,
    ) -> None:
        self._journal = journal
        self._errand = DeliveryJob(
            journal=str(file.absolute()),
            endpoint_id=journal.endpoint_id,
            targets=targets,
            log=log,
            stdout=_stdout() if any(target.type == "stdout" for target in targets) else None,
            linger=linger,
        )
        self._cursors = [Cursor(journal, target.name) for target in targets]
        self._on_notice = on_notice
        self._pause = Backoff()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._speech = threading.Lock()

    def start(self) -> None:
        if self._cursors:
            self._thread.start()

    def wake(self) -> None:
        """There is something new in the journal."""
        self._pause.wake()
        with self._speech:
            if self._process and self._process.stdin:
                try:
                    os.write(self._process.stdin.fileno(), b"\n")
                except OSError:
                    # Full: it has not heard the earlier ones yet. Broken: it is gone, and the thread will see why.
                    return

    def stop(self, timeout: float) -> None:
        """End delivery within `timeout` seconds; what was under way is sent again next time."""
        self._pause.stop()
        self._dismiss()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        if self._thread.is_alive() and self._process:
            self._process.kill()
        if self._errand.stdout is not None:
            os.close(self._errand.stdout)

    def status(self) -> list[TargetStatus]:
        """Where each target stands. Raises `JournalError`."""
        return [cursor.status() for cursor in self._cursors]

    def _run(self) -> None:
        failures = 0
        spread = max(target.spread_seconds for target in self._errand.targets)
        self._pause.rest(random.uniform(0, spread))  # noqa: S311 - spreads load, guards nothing
        while not self._pause.stopped:
            try:
                if not self._backlog():
                    self._pause.idle()
                    continue
                trouble = self._deliver()
                if battery_is_low():
                    self._pause.rest(_LOW_BATTERY_SECONDS)
            except (JournalError, OSError) as error:
                trouble = f"cannot be started: {type(error).__name__}"
            failures = failures + 1 if trouble else 0
            if trouble and not self._pause.stopped:
                self._failed(trouble, first=failures == 1)
                self._pause.rest(backoff(failures, _LONGEST_BACKOFF))
        self._journal.release()

    def _backlog(self) -> bool:
        head = self._journal.head().seq
        return any(cursor.load().done != head or cursor.next_retry() for cursor in self._cursors)

    def _failed(self, trouble: str, first: bool) -> None:
        for cursor in self._cursors:
            with contextlib.suppress(JournalError):
                cursor.failed(f"the process that delivers {trouble}")
        if first:
            logger().warning("delivery.failed", reason=f"the process that delivers {trouble}")
            self._on_notice("delivery.process_failed", f"the process that delivers {trouble}")

    def _deliver(self) -> str | None:
        """Run the process until it ends by itself or is dismissed; what was wrong with it, if anything."""
        tokens = [path for target in self._errand.targets for path in secret_files(target)]
        # One that only root may read is read by the daemon's own right to, which that process else has not.
        with reading_lent(any(not os.access(path, os.R_OK) for path in tokens)):
            kept = () if self._errand.stdout is None else (self._errand.stdout,)
            started = start("agent.delivery", subprocess.PIPE, subprocess.PIPE, keep=kept)
        with started as process:
            self._send_off(process)
            for line in process.stdout or ():
                self._hear(line)
            self._dismiss()
            status = process.wait()
        return f"ended with status {status}" if status else None

    def _send_off(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin
        try:
            process.stdin.write(self._errand.line())
            process.stdin.flush()
        except OSError:
            return
        # A process that was stopped in its tracks must not stop the daemon, which wakes it with every commit.
        if hasattr(os, "set_blocking"):  # on Windows only from Python 3.12
            os.set_blocking(process.stdin.fileno(), False)
        with self._speech:
            self._process = process
        if self._pause.stopped:
            self._dismiss()

    def _dismiss(self) -> None:
        with self._speech:
            if self._process and self._process.stdin:
                self._process.stdin.close()
                self._process.stdin = None

    def _hear(self, line: bytes) -> None:
        try:
            told = WorkerMessage.model_validate_json(line)
        except ValueError:
            return
        self._on_notice(told.code, told.text)


def _stdout() -> int | None:
    """A descriptor of our standard output that a process can be given; None where a system has no such thing."""
    return os.dup(1) if os.name == "posix" else None
