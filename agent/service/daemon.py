"""The process: its lock, its signals, and the sessions it runs one after the other."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from agent.config.error import ConfigError
from agent.config.paths import state_dir
from agent.config.settings import Settings
from agent.journal.errors import JournalLostError
from agent.runtime.allocator import give_back_large_blocks
from agent.runtime.capabilities import keep_from_children, privileged
from agent.runtime.lock import lock
from agent.runtime.logs import configure, logger
from agent.runtime.ownership import demand_ours
from agent.service import crash_loop, systemd
from agent.service.session import Session
from agent.service.setup import Setup

_ENDING = (signal.SIGTERM, signal.SIGINT)
_LAST_SECONDS = 4.5
"""After SIGTERM; whatever still hangs then, such as a look at a dead network drive, is left behind."""
_ONCE_SECONDS = 60.0
"""A journal that is lost again sooner than this is no accident of the file: whoever starts the daemon must know."""
_WELL_SECONDS = 120.0
"""A start that lasts so long went well."""
_SWITCH_SECONDS = 0.0005
"""How long a thread that has something to do waits for the interpreter. Python's 5 ms, once for each of the dozen
system calls that reading a process takes, is longer than some servers live."""


class Daemon:
    """Runs sessions one after the other; SIGHUP ends one and starts the next with the settings read anew."""

    def __init__(self, load: Callable[[], Settings]) -> None:
        keep_from_children()
        give_back_large_blocks()
        self._load = load
        self._setup = Setup.of(load())
        self._session: Session | None = None
        self._stopping = False
        self._asked = False
        self._ended = threading.Event()

    def run(self) -> None:
        """Until SIGTERM or SIGINT. Raises `service.AlreadyRunningError` and `JournalError`."""
        sys.setswitchinterval(_SWITCH_SECONDS)
        for number in _ENDING:
            signal.signal(number, self._stop)
        _leave_when_told()
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, self._reload)
        folder, lost = state_dir(self._setup.settings), None
        while not self._stopping:
            # Once more after the journal was lost: the folder, and the lock with it, may be new.
            _make(folder)
            if privileged():
                demand_ours(folder)
            with lock(folder / "lock"):
                self._wait_after_crashes(folder)
                lost = self._serve(folder, lost)
                crash_loop.went_well(folder)
        systemd.notify("STOPPING=1")
        logger().info("daemon.stopped")

    def _wait_after_crashes(self, folder: Path) -> None:
        """Only where a service manager starts it again and again; whoever starts it by hand sees what is wrong."""
        if not systemd.is_service():
            return
        if pause := crash_loop.pause_before_start(folder):
            logger().warning("daemon.waits", reason="it ended soon after its last starts", seconds=pause)
            self._ended.wait(pause)
        forget = threading.Timer(_WELL_SECONDS, crash_loop.went_well, (folder,))
        forget.daemon = True
        forget.start()

    def _serve(self, folder: Path, lost: JournalLostError | None) -> JournalLostError | None:
        """Sessions until the daemon is stopped, or until the journal of one is lost: why it is."""
        began = time.monotonic()
        while not self._stopping:
            try:
                self._live(folder, lost)
            except JournalLostError as error:
                if lost and time.monotonic() - began < _ONCE_SECONDS:
                    raise
                logger().error("journal.lost", reason=str(error))
                self._setup = self._reloaded()
                return error
            lost = None
            if not self._stopping:
                self._setup = self._reloaded()
        return None

    def _live(self, folder: Path, lost: JournalLostError | None) -> None:
        self._session = Session(self._setup, folder, lost)
        if self._asked:
            # The signal came before there was a session to end.
            self._session.stop()
        self._session.run()
        self._asked = False

    def _reloaded(self) -> Setup:
        try:
            setup = Setup.of(self._load())
        except ConfigError as error:
            logger().error("config.rejected", reason=str(error), consequence="the settings in force stay")
            return self._setup
        configure(setup.settings.log)
        return setup

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if not self._stopping:
            self._stopping = True
            self._ended.set()
        self._reload(number, frame)

    def _reload(self, number: int, frame: FrameType | None) -> None:
        self._asked = True
        if self._session:
            self._session.stop()


def _leave_when_told() -> None:
    """See that the process ends although something hangs. A signal's handler only runs between two steps of the main
    thread, which may be in the middle of one for ever; what the system itself writes, another thread can read."""
    told, tells = socket.socketpair()
    tells.setblocking(False)
    signal.set_wakeup_fd(tells.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_leave, args=(told, tells), name="last-seconds", daemon=True).start()


def _leave(told: socket.socket, _tells: socket.socket) -> None:
    """Wait for a signal to end. The journal bears that at any moment, as it bears `kill -9`."""
    while told.recv(1)[0] not in _ENDING:
        continue
    time.sleep(_LAST_SECONDS)
    systemd.notify("STOPPING=1")
    logger().warning("daemon.stopped", reason="something hung")
    os._exit(0)


def _make(folder: Path) -> None:
    """The state folder, or a link to one. What a link to nothing names is not made: a disk may be missing there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise ConfigError(f"state.dir: {folder} is no folder, or a link to nothing") from None
