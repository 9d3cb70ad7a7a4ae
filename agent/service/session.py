"""One life of the daemon between two reloads: watch, collect, journal, deliver."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from agent.delivery.supervisor import DeliverySupervisor
from agent.inventory.behaviour import NAME as ACTIONS
from agent.inventory.context import Surroundings, this_endpoint_id
from agent.inventory.pace import Pace
from agent.inventory.runner import Engine
from agent.inventory.snapshot import SnapshotPlace, Snapshots
from agent.inventory.store import append_evidence, as_json
from agent.journal.errors import JournalError, JournalLostError
from agent.journal.journal import FILE as JOURNAL
from agent.journal.journal import Transaction
from agent.journal.retention import Keep, Retention
from agent.network.resolver import Resolver
from agent.runtime.logs import logger
from agent.service import metrics_file, systemd
from agent.service.action_trail import ActionTrail
from agent.service.budget import Budget
from agent.service.commit import Committer
from agent.service.health import Health
from agent.service.own_use import measure
from agent.service.probes import ProbeCollector
from agent.service.pulse import Pulse
from agent.service.room import is_short
from agent.service.schedule import Schedule
from agent.service.setup import Setup
from agent.service.signed_journal import LIMIT, SignedJournal
from agent.service.work_queue import Work, WorkQueue
from collectors.registry import all_collectors

_STOP_SECONDS = 3.5
_REST = 2.0
"""Pause after a round, as a multiple of what it took: a third of one core at most, whatever goes on here."""
_LONGEST_REST = 1.0
_ACTION_REST = 3.0
"""The same after reading transcripts, by the processor's time: others write those as fast as they like."""
_ROOM_SECONDS = 5.0
"""After a step that found no room in the journal, until room is made."""
_REDUCED = 5.0
"""By what all pauses are longer while more is taken than the budget allows."""


class Session:
    """Wires the flow; the only place that knows everyone."""

    def __init__(self, setup: Setup, folder: Path, lost: JournalLostError | None = None) -> None:
        """`lost` is why the journal of the session before must not be gone on with. Raises `JournalError`."""
        settings = self._settings = setup.settings
        self._ending = False
        self._agenda = WorkQueue(settings.collect.debounce_seconds)
        endpoint = this_endpoint_id()
        collectors = all_collectors(settings.collect.off)
        follows = settings.collect.transcripts and ACTIONS not in settings.collect.disabled
        self._probes = ProbeCollector(lambda: setup.policy.in_force)
        collectors.append(self._probes)
        names = {collector.name for collector in collectors} | ({ACTIONS} if follows else set())
        signed = SignedJournal(folder, endpoint, settings.journal, setup.derive, names, lost)
        self._journal, self._inventory = signed.journal, signed.inventory
        self._trail = None
        if follows:
            wake = partial(self._agenda.want, ACTIONS)
            self._trail = ActionTrail(settings.collect, setup.catalog, self._journal, signed.store, wake)
        collectors += [self._trail.behaviour] if self._trail else []
        surroundings = Surroundings(
            settings.collect, settings.limits, setup.catalog, self._inventory, descriptions=_descriptions(setup)
        )
        self._engine = Engine(collectors, self._inventory, surroundings, self._ping_watchdog)
        self._probes.engine = self._engine
        self._courier = DeliverySupervisor(
            self._journal, folder / JOURNAL, settings.target, settings.log, self._agenda.notice
        )
        self._policy, self._derive = setup.policy, setup.derive
        self._schedule = Schedule(settings.collect, settings.daemon, lambda: setup.policy.look_seconds)
        self._resolver = Resolver(setup.names, settings.collect.resolve_seconds) if settings.collect.resolve else None
        self._snapshots = Snapshots(signed.store, settings.daemon.snapshot_seconds)
        self._budget = Budget(settings.budget)
        self._health = Health(
            self._engine, self._journal, self._courier, folder, self._budget.own_use, settings.daemon.status_group
        )
        self._pulse = Pulse(folder)
        self._commit = Committer(signed, setup.names, self._resolver, self._courier, self._health)
        self._folder, self._checkpoints = folder, signed.checkpoints
        self._retention = Retention(self._journal, signed.checkpoints, [target.name for target in settings.target])
        self._pace: Pace | None = None

    def stop(self) -> None:
        """End the session soon; safe to call from a signal handler."""
        self._ending = True
        self._agenda.interrupt()

    def run(self) -> None:
        """Watch, reconcile, then follow what changes until `stop`."""
        try:
            self._health.watchers = self._engine.watch(self._agenda.mark)
            self._courier.start()
            if self._resolver:
                self._resolver.start()
            collectors = {collector.name for collector in self._engine.collectors}
            self._schedule.again("heartbeat", "watchdog", "policy", "retention", "budget", *collectors)
            if self._trail:
                self._schedule.at_once(ACTIONS)
            self._inventory.bound()
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
        work = self._agenda.wait(self._schedule.next())
        if self._ending:
            return
        now = time.monotonic()
        self._ping_watchdog()
        self._schedule.ask(work.tasks)
        self._work(work, self._schedule.due())
        # A storm is taken in a few large steps: each costs what deriving costs, however little changed.
        slowness = self._schedule.slowness
        self._agenda.rest(min(_REST * (time.monotonic() - now), _LONGEST_REST) * slowness)

    def _work(self, work: Work, due: set[str]) -> None:
        self._schedule.again(*due)
        self._commit.tell(*work.notices, *(self._pace.tell() if self._pace else ()))
        if "budget" in due:
            self._look_at_budget()
        if "policy" in due:
            self._look_at_policy()
        if ACTIONS in due and self._trail:
            self._follow_actions(self._trail)
        if work.everything or "reconcile" in due:
            self._reconcile()
        else:
            self._follow(work, due)
        if "heartbeat" in due:
            if not is_short(self._folder):
                self._commit.append(self._beat)
            self._health.write()
        if "retention" in due and self._retain():
            self._schedule.at_once("retention")
        if self._health.journal_error:
            self._schedule.within(_ROOM_SECONDS, "retention")

    def _look_at_budget(self) -> None:
        """Slow down where this process takes more than it may, and say so; a metrics file is as fresh as this."""
        if self._budget.judge(measure(self._folder)):
            exceeded = self._budget.exceeded
            self._schedule.slowness = _REDUCED if exceeded else 1.0
            code, text = (
                ("daemon.reduced", f"works more slowly: {exceeded}")
                if exceeded
                else ("daemon.at_full_speed", "within its budget again")
            )
            logger().warning(code, reason=text)
            self._commit.tell((code, text))
            self._health.write()
        if self._settings.daemon.metrics_file:
            metrics_file.write(Path(self._settings.daemon.metrics_file), self._health.heartbeat())

    def _look_at_policy(self) -> None:
        described = self._policy.in_force.policy.tools.descriptions
        if self._policy.look():
            self._derive.adopt(self._policy.in_force)
            self._inventory.touch()
            if self._policy.in_force.policy.tools.descriptions != described:
                self._reconcile()
        self._schedule.again("policy")

    def _ping_watchdog(self) -> None:
        """Tell whoever asks that the loop turns, and the watchdog as often as it wants to hear."""
        self._pulse.beat()
        if self._schedule.is_due("watchdog"):
            systemd.notify("WATCHDOG=1")
            self._schedule.again("watchdog")

    def _reconcile(self) -> None:
        self._schedule.again("reconcile")
        self._engine.reconcile()
        self._inventory.touch()
        self._commit.step()
        if self._snapshots.due():
            self._commit.append(self._append_snapshot)
        self._health.write()

    def _follow(self, work: Work, due: set[str]) -> None:
        if work.scopes:
            self._engine.refresh(work.scopes)
        self._engine.poll(due)
        self._commit.step()

    def _follow_actions(self, trail: ActionTrail) -> None:
        """What agents did. Whoever writes transcripts without end gets a part of a core for them."""
        begun = time.thread_time()
        self._take_actions(trail)
        spent = time.thread_time() - begun
        self._schedule.rest(ACTIONS, _ACTION_REST * spent * self._schedule.slowness)

    def _take_actions(self, trail: ActionTrail) -> None:
        """Read and journal them; what could not be journaled is not lost, and nothing more is read."""
        if not trail.read(self._engine.context):
            trail.written()
            return
        self._commit.tell(*trail.notices())
        if trail.more:
            self._schedule.at_once(ACTIONS)
        if self._commit.append_events(trail.append):
            trail.written()
        else:
            trail.failed()

    def _append_snapshot(self, step: Transaction, anew: bool = False) -> None:
        place = self._snapshots.append(step, self._engine, anew)
        self._checkpoints.append(step, "snapshot", inventory_digest=place.digest, snapshot_seq=place.end)

    def _retain(self) -> bool:
        """A piece of what retention has to do; whether there is more."""
        last = self._snapshots.last()
        if last is None:
            return False
        ours, least = self._settings.journal, self._policy.in_force.policy.journal
        keep = Keep(max(ours.keep_days, least.keep_days), max(ours.keep_bytes, least.keep_bytes))
        self._journal.database.limit(2 * keep.bytes)  # making room takes some
        try:
            if self._retention.step(keep, last.begin, self._inventory.digest()):
                return True
            return self._retention.short and self._snapshot_anew(last)
        except JournalLostError:
            raise
        except JournalError as error:
            logger().error("journal.not_cut", reason=str(error))
            return False
        finally:
            self._journal.database.limit(int(keep.bytes * LIMIT))

    def _snapshot_anew(self, last: SnapshotPlace) -> bool:
        """Nothing is cut behind the last snapshot. Where more came after it than half of what it holds, one more lets
        that go; whether there is one."""
        if self._journal.head().seq - last.end <= (last.end - last.begin) // 2:
            return False
        return self._commit.append(partial(self._append_snapshot, anew=True))

    def _beat(self, step: Transaction) -> None:
        append_evidence(step, "heartbeat", as_json(self._health.heartbeat()))

    def _close(self) -> None:
        deadline = time.monotonic() + _STOP_SECONDS
        for watcher in self._health.watchers.values():
            watcher.close()
        self._policy.close()
        self._probes.close()
        if self._trail:
            self._trail.close()
        if self._resolver:
            self._resolver.close()
        self._courier.stop(max(0.1, deadline - time.monotonic()))
        self._commit.seal()
        self._journal.close()
        self._pulse.close()
        gc.unfreeze()


def _descriptions(setup: Setup) -> Callable[[], bool]:
    """Whether the policy in force wants what tools say of themselves."""
    return lambda: setup.policy.in_force.policy.tools.descriptions
