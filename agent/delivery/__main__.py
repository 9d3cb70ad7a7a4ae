"""The process that delivers, for as long as there is something to send. The daemon starts it.

It alone holds what sending takes: TLS, HTTP and certificates, some 8 MB that the daemon would keep for years to use
them for a second every few minutes. What it knows is in the journal; it may be killed at any moment.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

from agent.delivery.failure_log import FailureLog
from agent.delivery.host_pauses import HostPauses
from agent.delivery.messages import DeliveryJob, WorkerMessage
from agent.delivery.sender import Sender
from agent.delivery.senders import make_sender
from agent.journal.journal import Journal
from agent.runtime.lock import AlreadyRunningError, lock
from agent.runtime.logs import configure

_LOOK = 0.5
_GOODBYE = 2.0
_pipe = 1
"""The pipe to the daemon."""


def main() -> None:
    """Until nothing is left to send for a while, or the daemon closes the pipe or is gone."""
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            # They are sent to the whole group and meant for the daemon, which ends this process by its pipe.
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    errand = DeliveryJob.model_validate_json(sys.stdin.buffer.readline())
    _take_stdout(errand)
    configure(errand.log)
    try:
        # One that a killed daemon left behind needs a moment to see that it is alone.
        with lock(Path(errand.journal).with_name("delivery.lock"), patience=2 * _GOODBYE):
            _deliver(errand)
    except AlreadyRunningError:
        os._exit(1)
    # A thread may hang in a handshake that nothing cuts short; what it sends is sent again next time.
    os._exit(0)


def _deliver(errand: DeliveryJob) -> None:
    journal = Journal.open(errand.journal, errand.endpoint_id)
    pauses = HostPauses()
    senders = [make_sender(journal, target, _notice, pauses) for target in errand.targets]
    ended = threading.Event()
    threading.Thread(target=_listen, args=(senders, ended), name="daemon", daemon=True).start()
    for sender in senders:
        sender.start()
    _report_until_done(senders, ended, errand.linger)
    deadline = time.monotonic() + _GOODBYE
    for sender in senders:
        sender.stop(max(0.1, deadline - time.monotonic()))


def _take_stdout(job: DeliveryJob) -> None:
    """What targets write to standard output goes where the daemon's goes, not into the pipe to the daemon."""
    global _pipe
    if job.stdout is not None:
        _pipe = os.dup(1)
        os.dup2(job.stdout, 1)


def _listen(senders: list[Sender], ended: threading.Event) -> None:
    while sys.stdin.buffer.readline():
        for sender in senders:
            sender.wake()
    ended.set()


def _report_until_done(senders: list[Sender], ended: threading.Event, linger: float) -> None:
    log = FailureLog()
    busy = time.monotonic()
    while not ended.wait(_LOOK):
        standing = [sender.status() for sender in senders]
        for status in standing:
            log.note(status)
        if any(status.backlog for status in standing):
            busy = time.monotonic()
        elif time.monotonic() - busy >= linger:
            return


def _notice(code: str, message: str) -> None:
    try:
        os.write(_pipe, WorkerMessage(code=code, text=message).line())
    except OSError:
        # Nobody listens any more; the end of standard input says so too.
        return


if __name__ == "__main__":
    main()
