"""Runs the collectors against one inventory: all scopes, some scopes, or just a periodic look."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from agent.inventory import Inventory
from agent.logs import place
from agent.records import Diagnostic, Evidence
from collectors.contract import Collector, Context, Observation, Scope

log = structlog.get_logger()
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Pass:
    """How a collector last did."""

    ok: bool
    seconds: float
    records: int
    last_success: datetime | None


class Engine:
    """Hands every observation to the inventory; a collector that breaks is visible there and harms no other."""

    def __init__(
        self, collectors: Iterable[Collector], inventory: Inventory, surroundings: Callable[[], Context]
    ) -> None:
        self.collectors = list(collectors)
        self.inventory = inventory
        self.passes: dict[str, Pass] = {}
        self._surroundings = surroundings
        self._context = surroundings()
        self._depends: dict[str, object] = {}
        self._seen_version = -1

    @property
    def context(self) -> Context:
        return self._context

    def reconcile(self) -> None:
        """Collect everything, again where a collector depends on what another found, until nothing more follows."""
        self._context = self._surroundings()
        self._depends.clear()
        self.catch_up()

    def catch_up(self) -> None:
        """Collect with those collectors whose view of the inventory has changed since they last collected."""
        spent: dict[str, float] = {}
        for _ in range(_ROUNDS):
            if self._seen_version == self.inventory.version and self._depends:
                return
            self._seen_version = self.inventory.version
            stale = [c for c in self.collectors if self._depends.get(c.name, self) != c.depends_on(self._context)]
            for collector in stale:
                self._depends[collector.name] = collector.depends_on(self._context)
                self._collect(collector)
                done = self.passes[collector.name]
                spent[collector.name] = spent.get(collector.name, 0.0) + done.seconds
                self.passes[collector.name] = replace(done, seconds=spent[collector.name])
            if not stale:
                return

    def refresh(self, scopes: Iterable[Scope]) -> None:
        """Read these scopes again."""
        wanted = set(scopes)
        for collector in self.collectors:
            own = [scope for scope in wanted if scope.collector == collector.name]
            if own:
                self._take(collector, collector.refresh(self._context, own))
        self.catch_up()

    def poll(self, names: Iterable[str]) -> None:
        """Let these collectors have their periodic look."""
        for collector in self.collectors:
            if collector.name in names:
                self._take(collector, collector.poll(self._context))
        self.catch_up()

    def _collect(self, collector: Collector) -> None:
        seen = self._take(collector, collector.collect(self._context))
        if seen is not None:
            self.inventory.retire(collector.name, seen)

    def _take(self, collector: Collector, observations: Iterator[Observation]) -> set[Scope] | None:
        """Hand over observations; the scopes seen, or None where the collector failed on the way."""
        start, seen, records = time.perf_counter(), set[Scope](), 0
        trouble = Scope(collector.name, "", "<collector>")
        try:
            for observation in observations:
                self.inventory.replace(observation)
                seen.add(observation.scope)
                records += len(observation.records)
            self.inventory.replace(Observation(trouble))
        except Exception as error:
            # The traceback's own text may quote what was read: only types and places are logged.
            log.error(
                "collector.failed", collector=collector.name, error=type(error).__name__, at=place(error.__traceback__)
            )
            self.inventory.replace(Observation(trouble, (self._failure(collector, error),), unknown=True))
            self._passed(collector, start, records, ok=False)
            return None
        self._passed(collector, start, records, ok=True)
        return seen

    def _passed(self, collector: Collector, start: float, records: int, ok: bool) -> None:
        before = self.passes.get(collector.name)
        success = datetime.now(UTC) if ok else before.last_success if before else None
        self.passes[collector.name] = Pass(ok, time.perf_counter() - start, records, success)

    def _failure(self, collector: Collector, error: Exception) -> Diagnostic:
        return Diagnostic.of(
            endpoint_id=self._context.endpoint_id,
            evidence=Evidence(collector=collector.name, confidence="confirmed"),
            severity="error",
            code="collector.failed",
            message=f"{type(error).__name__} at {place(error.__traceback__)}",
            key=collector.name,
        )
