"""Wires the flow and keeps it going: the only place that knows everyone."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType

import structlog

from agent.agenda import Agenda, Work
from agent.config import ConfigError, Settings, state_dir
from agent.delivery.targets import make_sender
from agent.derive import derivation
from agent.engine import Engine
from agent.health import STATUS, Health
from agent.journal import FILE as JOURNAL
from agent.journal import Journal, JournalError, Transaction
from agent.logs import configure
from agent.platform import service
from agent.snapshot import Snapshots
from agent.store import Store, as_json
from agent.surroundings import Surroundings, file_context, load_catalog
from collectors.contract import Watcher
from collectors.registry import all_collectors

log = structlog.get_logger()
_STOP_SECONDS = 4.0


class Daemon:
    """Runs sessions one after the other; SIGHUP ends one and starts the next with the settings read anew."""

    def __init__(self, load: Callable[[], Settings]) -> None:
        self._load = load
        self._settings = load()
        self._session: Session | None = None
        self._stopping = False

    def run(self) -> None:
        """Until SIGTERM or SIGINT. Raises `service.AlreadyRunning` and `JournalError`."""
        folder = state_dir(self._settings)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with service.lock(folder / "lock"):
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._stop)
            if hasattr(signal, "SIGHUP"):
                signal.signal(signal.SIGHUP, self._reload)
            while not self._stopping:
                self._session = Session(self._settings, folder)
                self._session.run()
                self._settings = self._settings if self._stopping else self._reloaded()
            service.notify("STOPPING=1")
            log.info("daemon.stopped")

    def _reloaded(self) -> Settings:
        try:
            settings = self._load()
        except ConfigError as error:
            log.error("config.rejected", reason=str(error), consequence="the settings in force stay")
            return self._settings
        configure(settings.log)
        return settings

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
        self._reload(number, frame)

    def _reload(self, number: int, frame: FrameType | None) -> None:
        if self._session:
            self._session.stop()


class Session:
    """One life of the daemon between two reloads."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._ending = False
        self._agenda = Agenda(settings.collect.debounce_seconds)
        catalog = load_catalog(settings)
        self._journal = Journal.open(folder / JOURNAL, file_context(settings).endpoint_id)
        self._store = Store(self._journal)
        self._inventory = self._store.load(derivation(settings, catalog, live=True))
        surroundings = Surroundings(settings, catalog, self._inventory)
        self._engine = Engine(all_collectors(settings.collect.disabled), self._inventory, surroundings)
        self._senders = [make_sender(self._journal, target, self._agenda.notice) for target in settings.target]
        self._snapshots = Snapshots(self._store, settings.daemon.snapshot_seconds)
        self._health = Health(self._engine, self._journal, self._senders, folder / STATUS)
        self._watchers: dict[str, Watcher] = {}
        self._due: dict[str, float] = {}

    def stop(self) -> None:
        """End the session soon; safe to call from a signal handler."""
        self._ending = True
        self._agenda.interrupt()

    def run(self) -> None:
        """Watch, reconcile, then follow what changes until `stop`."""
        for collector in self._engine.collectors:
            watcher = collector.watch(partial(self._agenda.mark, settles=collector.settles))
            if watcher:
                self._watchers[collector.name] = watcher
        for sender in self._senders:
            sender.start()
        try:
            self._reconcile()
            log.info("daemon.started", records=len(self._inventory.all()), targets=len(self._senders))
            service.notify("READY=1")
            while not self._ending:
                self._round()
        finally:
            self._close()

    def _round(self) -> None:
        """Wait for the next thing to do, and do it."""
        work = self._agenda.wait(min(self._due.values()))
        if self._ending:
            return
        now = time.monotonic()
        due = {name for name, at in self._due.items() if at <= now}
        if work.everything or "reconcile" in due:
            self._reconcile(work)
        else:
            if work.scopes:
                self._engine.refresh(work.scopes)
            self._engine.poll(due)
            self._step(work)
        self._schedule(due)
        if "heartbeat" in due:
            self._step(append=self._beat)
        if "watchdog" in due:
            service.notify("WATCHDOG=1")

    def _reconcile(self, work: Work | None = None) -> None:
        self._engine.reconcile()
        self._inventory.touch()
        self._step(work)
        self._schedule(
            {"reconcile", "processes", "sockets", "heartbeat", "watchdog"} - self._due.keys() | {"reconcile"}
        )
        if self._snapshots.due():
            self._step(append=lambda step: self._snapshots.append(step, self._engine))
        self._health.write(self._watchers)

    def _schedule(self, names: set[str]) -> None:
        collect, daemon = self._settings.collect, self._settings.daemon
        seconds = {
            "reconcile": collect.reconcile_seconds * random.uniform(0.9, 1.1),  # noqa: S311 - spreads load, no secret
            "processes": collect.process_seconds,
            "sockets": collect.socket_seconds,
            "heartbeat": daemon.heartbeat_seconds,
            "watchdog": service.watchdog_seconds() or 3600.0,
        }
        now = time.monotonic()
        self._due.update((name, now + seconds[name]) for name in names)

    def _step(self, work: Work | None = None, append: Callable[[Transaction], None] | None = None) -> None:
        """Make durable what changed. When that fails nothing is lost: the next step tries again with all of it."""
        changes = self._inventory.settle()
        notices = work.notices if work else ()
        if not (changes or notices or append or self._inventory.dirty):
            return

        def entries(step: Transaction) -> None:
            for code, message in notices:
                step.append("notice", as_json(self._health.notice(code, message)))
            if append:
                append(step)

        try:
            self._store.commit(self._inventory, changes, entries)
        except JournalError as error:
            log.error("journal.not_written", reason=str(error), changes=len(changes))
            self._health.journal_error = str(error)
            for code, message in notices:
                self._agenda.notice(code, message)
            return
        self._health.journal_error = None
        for sender in self._senders:
            sender.wake()
        if changes:
            log.info("inventory.changed", changes=len(changes), head=self._journal.head().seq)

    def _beat(self, step: Transaction) -> None:
        step.append("heartbeat", as_json(self._health.heartbeat(self._watchers)))
        self._health.write(self._watchers)

    def _close(self) -> None:
        deadline = time.monotonic() + _STOP_SECONDS
        for watcher in self._watchers.values():
            watcher.close()
        for sender in self._senders:
            sender.stop(max(0.1, deadline - time.monotonic()))
        self._journal.close()
