"""One life of the daemon between two reloads: watch, collect, journal, deliver."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable
from pathlib import Path

from agent.delivery.supervisor import DeliverySupervisor
from agent.inventory.context import Surroundings, this_endpoint_id
from agent.inventory.inventory import Change
from agent.inventory.pace import Pace
from agent.inventory.runner import Engine
from agent.inventory.snapshot import Snapshots
from agent.inventory.store import append_evidence, as_json
from agent.journal.errors import JournalError, JournalLostError
from agent.journal.journal import FILE as JOURNAL
from agent.journal.journal import Transaction
from agent.network.peers import hosts_to_resolve
from agent.network.resolver import Resolver
from agent.runtime.logs import logger, place
from agent.service import systemd
from agent.service.action_trail import ActionTrail
from agent.service.gap import Gap
from agent.service.health import STATUS, Health
from agent.service.pulse import Pulse
from agent.service.setup import Setup
from agent.service.signed_journal import SignedJournal
from agent.service.work_queue import Work, WorkQueue
from collectors.contract import Watcher
from collectors.registry import all_collectors

_STOP_SECONDS = 3.5
_REST = 2.0
"""Pause after a round, as a multiple of what it took: a third of one core at most, whatever goes on here."""
_LONGEST_REST = 1.0


class Session:
    """Wires the flow; the only place that knows everyone."""

    def __init__(self, setup: Setup, folder: Path, lost: JournalLostError | None = None) -> None:
        """`lost` is why the journal of the session before must not be gone on with. Raises `JournalError`."""
        settings = self._settings = setup.settings
        self._ending = False
        self._agenda = WorkQueue(settings.collect.debounce_seconds)
        endpoint = this_endpoint_id()
        collectors = all_collectors(settings.collect.off)
        names = {collector.name for collector in collectors}
        signed = SignedJournal(folder, endpoint, settings.journal, setup.derive, names, lost)
        self._journal, self._store, self._inventory = signed.journal, signed.store, signed.inventory
        self._checkpoints = signed.checkpoints
        surroundings = Surroundings(settings.collect, settings.limits, setup.catalog, self._inventory)
        self._engine = Engine(collectors, self._inventory, surroundings, self._ping_watchdog)
        self._courier = DeliverySupervisor(
            self._journal, folder / JOURNAL, settings.target, settings.log, self._agenda.notice
        )
        self._policy, self._derive = setup.policy, setup.derive
        self._names = setup.names
        self._names_version = 0
        self._keeper = Resolver(self._names, settings.collect.resolve_seconds) if settings.collect.resolve else None
        self._snapshots = Snapshots(self._store, settings.daemon.snapshot_seconds)
        self._health = Health(self._engine, self._journal, self._courier, folder / STATUS)
        self._pulse = Pulse(folder)
        self._watchers: dict[str, Watcher] = {}
        self._notices: list[tuple[str, str]] = signed.notices
        follows = settings.collect.transcripts and "actions" not in settings.collect.disabled
        self._trail = ActionTrail(settings.collect, setup.catalog, self._journal, self._store) if follows else None
        self._gap = Gap()
        self._pace: Pace | None = None
        self._trouble: str | None = None
        self._due: dict[str, float] = {}

    def stop(self) -> None:
        """End the session soon; safe to call from a signal handler."""
        self._ending = True
        self._agenda.interrupt()

    def run(self) -> None:
        """Watch, reconcile, then follow what changes until `stop`."""
        try:
            self._watchers = self._engine.watch(self._agenda.mark)
            self._courier.start()
            if self._keeper:
                self._keeper.start()
            collectors = {collector.name for collector in self._engine.collectors}
            self._schedule({"heartbeat", "watchdog", "policy", "actions", *collectors})
            self._reconcile()
            self._inventory.pace = self._pace = Pace()  # what is there at the start is taken in whole
            # What is there now stays. Going through it for garbage takes as long as some servers live.
            gc.collect()
            gc.freeze()
            logger().info("daemon.started", records=len(self._inventory.all()), targets=len(self._settings.target))
            systemd.notify("READY=1")
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
        self._ping_watchdog()
        self._work(work, {name for name, at in self._due.items() if at <= now})
        # A storm is taken in a few large steps: each costs what deriving costs, however little changed.
        self._agenda.rest(min(_REST * (time.monotonic() - now), _LONGEST_REST))

    def _work(self, work: Work, due: set[str]) -> None:
        self._schedule(due)
        self._notices += work.notices
        self._notices += self._pace.tell() if self._pace else ()
        if "policy" in due:
            self._look_at_policy()
        if work.everything or "reconcile" in due:
            self._reconcile()
        else:
            self._follow(work, due)
        if "actions" in due and self._trail:
            self._follow_actions(self._trail)
        if "heartbeat" in due:
            self._append(self._beat)
            self._health.write(self._watchers)

    def _look_at_policy(self) -> None:
        if self._policy.look():
            self._derive.adopt(self._policy.in_force)
            self._inventory.touch()
        self._schedule({"policy"})

    def _ping_watchdog(self) -> None:
        """Tell whoever asks that the loop turns, and the watchdog as often as it wants to hear."""
        self._pulse.beat()
        now = time.monotonic()
        if now >= self._due.get("watchdog", 0.0):
            systemd.notify("WATCHDOG=1")
            self._schedule({"watchdog"})

    def _reconcile(self) -> None:
        self._schedule({"reconcile"})
        self._engine.reconcile()
        self._inventory.touch()
        self._step()
        if self._snapshots.due():
            self._append(lambda step: self._snapshots.append(step, self._engine))
        self._health.write(self._watchers)

    def _follow(self, work: Work, due: set[str]) -> None:
        if work.scopes:
            self._engine.refresh(work.scopes)
        self._engine.poll(due)
        self._step()

    def _follow_actions(self, trail: ActionTrail) -> None:
        """Read and journal what agents did; what could not be journaled is not lost, and nothing more is read."""

        def entries(step: Transaction) -> None:
            self._told(step)
            trail.append(step)
            self._checkpoints.append_if_due(step)

        if not trail.read(self._engine.context):
            trail.written()
            return
        self._notices += trail.notices()
        if trail.more:
            self._due["actions"] = 0.0
        if self._durably(lambda: self._store.append(entries)):
            trail.written()
        else:
            trail.failed()

    def _schedule(self, names: set[str]) -> None:
        collect, daemon = self._settings.collect, self._settings.daemon
        seconds = {
            "reconcile": collect.reconcile_seconds * random.uniform(0.9, 1.1),  # noqa: S311 - spreads load, no secret
            "processes": collect.process_seconds,
            "sessions": collect.transcript_seconds,
            "actions": collect.action_seconds,
            "heartbeat": daemon.heartbeat_seconds,
            "policy": self._policy.look_seconds,
            "watchdog": systemd.watchdog_seconds() or 3600.0,
        }
        now = time.monotonic()
        self._due.update((name, now + seconds.get(name, collect.socket_seconds)) for name in names)

    def _append(self, append: Callable[[Transaction], None]) -> None:
        """An entry about the inventory as a whole: only where the journal already has all that it rests on."""
        if self._step():
            self._commit([], append)

    def _step(self) -> bool:
        """Make durable what changed. When that fails nothing is lost: the next step tries again with all of it."""
        if self._names.version != self._names_version:
            self._names_version = self._names.version
            self._inventory.touch()
        try:
            changes = self._inventory.settle()
        except Exception as error:
            return self._underivable(f"{type(error).__name__} at {place(error.__traceback__)}")
        self._trouble = None
        if changes or self._notices or self._inventory.dirty:
            return self._commit(changes)
        return True

    def _underivable(self, trouble: str) -> bool:
        """One record that nobody thought of must not take the daemon down, again at every start: the last inventory
        stands, and the journal says so once."""
        if trouble != self._trouble:
            logger().error("inventory.failed", error=trouble)
            self._notices.append(("inventory.failed", f"nothing new can be concluded: {trouble}"))
        self._trouble = trouble
        if self._notices:
            self._durably(lambda: self._store.append(self._told))
        return False

    def _commit(self, changes: list[Change], append: Callable[[Transaction], None] = lambda step: None) -> bool:
        def entries(step: Transaction) -> None:
            self._told(step)
            append(step)
            self._checkpoints.append_if_due(step)

        if not self._durably(lambda: self._store.commit(self._inventory, changes, entries)):
            return False
        if self._keeper and changes:
            self._keeper.want(hosts_to_resolve(self._inventory.all()))
        if changes:
            logger().info("inventory.changed", changes=len(changes), head=self._journal.head().seq)
        return True

    def _told(self, step: Transaction) -> None:
        gap = self._gap.notice()
        for code, message in [*([gap] if gap else []), *self._notices]:
            append_evidence(step, "notice", as_json(self._health.notice(code, message)))

    def _durably(self, write: Callable[[], None]) -> bool:
        """Whether the notices, and what `write` writes with them, are in the journal."""
        try:
            write()
        except JournalLostError:
            raise
        except JournalError as error:
            self._gap.note(str(error))
            if self._health.journal_error != str(error):
                logger().error("journal.not_written", reason=str(error))
                self._health.journal_error = str(error)
                self._health.write(self._watchers)
            return False
        self._notices.clear()
        self._gap.close()
        self._health.journal_error = None
        self._courier.wake()
        return True

    def _beat(self, step: Transaction) -> None:
        append_evidence(step, "heartbeat", as_json(self._health.heartbeat(self._watchers)))

    def _seal(self) -> None:
        """Sign what was journaled; where that fails, the next start does."""
        try:
            with self._journal.transaction() as step:
                self._checkpoints.append(step, "stop")
        except JournalLostError:
            # Whoever noticed first has said so.
            return
        except JournalError as error:
            logger().error("journal.not_signed", reason=str(error))

    def _close(self) -> None:
        deadline = time.monotonic() + _STOP_SECONDS
        for watcher in self._watchers.values():
            watcher.close()
        self._policy.close()
        if self._keeper:
            self._keeper.close()
        self._courier.stop(max(0.1, deadline - time.monotonic()))
        self._seal()
        self._journal.close()
        self._pulse.close()
        gc.unfreeze()
