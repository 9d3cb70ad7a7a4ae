"""Runs the collectors against one inventory: all scopes, some scopes, or just a periodic look."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from agent.inventory.inventory import Inventory
from agent.inventory.patience import Patience
from agent.records import Diagnostic, Evidence
from agent.runtime.logs import logger, place
from collectors.contract import Collector, Context, Observation, Scope, Watcher

_ROUNDS = 4
"""An agent shows an unknown project, that a server, that a process which runs it, and that its sockets."""
_PARTS = ("watch", "depends_on", "collect", "refresh", "poll")
"""What a collector can fail in; each failure stands until the same part succeeds."""


class CollectorRun(NamedTuple):
    """How a collector last did."""

    ok: bool
    seconds: float
    """Of the last full collection, as are the `records`."""
    records: int
    last_success: datetime | None


class Engine:
    """Hands every observation to the inventory; a collector that breaks is visible there and harms no other."""

    def __init__(
        self,
        collectors: Iterable[Collector],
        inventory: Inventory,
        surroundings: Callable[[], Context],
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """`alive` is called between observations: a full collection of a large machine takes its time."""
        self._alive = alive
        self.collectors = list(collectors)
        self.inventory = inventory
        self.passes: dict[str, CollectorRun] = {}
        self._surroundings = surroundings
        self._context = replace(surroundings(), alive=alive)
        self._depends: dict[str, object] = {}
        self._seen_version = -1
        self._patience = Patience()

    @property
    def context(self) -> Context:
        return self._context

    def watch(self, notify: Callable[[Scope | None, bool], None]) -> dict[str, Watcher]:
        """Start the watchers, by collector. `notify` gets what became dirty, and whether it is best left to settle."""
        watchers: dict[str, Watcher] = {}
        for collector in self.collectors:
            with self._visible(collector, "watch"):
                watcher = collector.watch(_marker(notify, collector.settles))
                if watcher:
                    watchers[collector.name] = watcher
        return watchers

    def reconcile(self) -> None:
        """Collect everything, again where a collector depends on what another found, until nothing more follows."""
        self._context = replace(self._surroundings(), alive=self._alive)
        self._depends.clear()
        self.catch_up()

    def catch_up(self) -> None:
        """Collect with those collectors whose view of the inventory has changed since they last collected."""
        spent: dict[str, float] = {}
        for _ in range(_ROUNDS):
            if self._seen_version == self.inventory.version and self._depends:
                return
            self._seen_version = self.inventory.version
            stale = [c for c in self.collectors if self._depends.get(c.name, self) != self._view_of(c)]
            for collector in stale:
                self._depends[collector.name] = self._view_of(collector)
                self._collect(collector)
                done = self.passes[collector.name]
                spent[collector.name] = spent.get(collector.name, 0.0) + done.seconds
                self.passes[collector.name] = done._replace(seconds=spent[collector.name])
            if not stale:
                return

    def refresh(self, scopes: Iterable[Scope]) -> None:
        """Read these scopes again."""
        wanted = set(scopes)
        for collector in self.collectors:
            own = [scope for scope in wanted if scope.collector == collector.name]
            if own:
                self._look(collector, "refresh", partial(collector.refresh, self._context, own))
        self.catch_up()

    def poll(self, names: Iterable[str]) -> None:
        """Let these collectors have their periodic look."""
        for collector in self.collectors:
            if collector.name in names and self._patience.may(collector.name):
                self._poll(collector)
        self.catch_up()

    def _poll(self, collector: Collector) -> None:
        start = time.perf_counter()
        self._look(collector, "poll", partial(collector.poll, self._context))
        ok = not self.inventory.told(_trouble(collector, "poll"))
        self._patience.looked(collector.name, ok, time.perf_counter() - start)

    def _view_of(self, collector: Collector) -> object:
        with self._visible(collector, "depends_on"):
            return collector.depends_on(self._context)
        return None

    def _collect(self, collector: Collector) -> None:
        start = time.perf_counter()
        seen, records = self._take(collector, "collect", partial(collector.collect, self._context))
        if seen is not None:
            self.inventory.retire(collector.name, seen | {_trouble(collector, part) for part in _PARTS})
        self._passed(collector, seen is not None, time.perf_counter() - start, records)

    def _look(self, collector: Collector, part: str, look: Callable[[], Iterator[Observation]]) -> None:
        failed_before = bool(self.inventory.told(_trouble(collector, part)))
        seen, _ = self._take(collector, part, look)
        if seen is None and not failed_before:
            # What the broken look left untold, a full collection tells; but not each time, should it stay broken.
            self._depends.pop(collector.name, None)
        before = self.passes.get(collector.name)
        self._passed(collector, seen is not None, before.seconds if before else 0.0, before.records if before else 0)

    def _take(
        self, collector: Collector, part: str, look: Callable[[], Iterator[Observation]]
    ) -> tuple[set[Scope] | None, int]:
        """Hand over observations; the scopes seen, or None where the collector failed on the way, and the records."""
        seen, records, done = set[Scope](), 0, False
        with self._visible(collector, part):
            for observation in look():
                self.inventory.replace(observation)
                self._alive()
                seen.add(observation.scope)
                records += len(observation.records)
            done = True
        return seen if done else None, records

    def _passed(self, collector: Collector, success: bool, seconds: float, records: int) -> None:
        before = self.passes.get(collector.name)
        at = datetime.now(UTC) if success else before.last_success if before else None
        ok = not any(self.inventory.told(_trouble(collector, part)) for part in _PARTS)
        self.passes[collector.name] = CollectorRun(ok, seconds, records, at)

    @contextmanager
    def _visible(self, collector: Collector, part: str) -> Iterator[None]:
        """A failure inside becomes a diagnostic and goes no further."""
        try:
            yield
        except Exception as error:
            # The traceback's own text may quote what was read: only types and places are logged.
            failure = self._failure(collector, part, error)
            self.inventory.replace(Observation(_trouble(collector, part), (failure,)))
            logger().error("collector.failed", collector=collector.name, error=failure.message)
        else:
            self.inventory.replace(Observation(_trouble(collector, part)))

    def _failure(self, collector: Collector, part: str, error: Exception) -> Diagnostic:
        return Diagnostic(
            endpoint_id=self._context.endpoint_id,
            evidence=Evidence(collector=collector.name, confidence="confirmed"),
            severity="error",
            code="collector.failed",
            message=f"{part}: {type(error).__name__} at {place(error.__traceback__)}",
            key=collector.name,
        )


def _marker(notify: Callable[[Scope | None, bool], None], settles: bool) -> Callable[[Scope | None], None]:
    return lambda scope: notify(scope, settles)


def _trouble(collector: Collector, part: str) -> Scope:
    return Scope(collector.name, "", f"<failed {part}>")
