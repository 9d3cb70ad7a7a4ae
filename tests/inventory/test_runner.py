"""Collectors under one engine: in order, again where one depends on another, and none able to harm the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import pytest

from agent.config.settings import Settings
from agent.inventory.inventory import Inventory
from agent.inventory.runner import Engine
from agent.records import Diagnostic, Record
from agent.service.setup import file_context
from collectors.contract import Context, Observation, Scope, Watcher
from tests.made import diagnostic, server


def as_is(facts: Iterable[Record], previous: Mapping[str, Record]) -> Mapping[str, Record]:
    return {record.id: record for record in facts}


class Shelf:
    """A small collector: one scope per name on a shelf that the test fills."""

    settles = True

    def __init__(self, name: str, *items: str, needs: str = "nothing") -> None:
        self.name = name
        self.items = list(items)
        self.needs = needs
        self.breaks: set[str] = set()
        self.calls: list[str] = []
        self.notify: Callable[[Scope | None], None] | None = None

    def scope(self, item: str) -> Scope:
        return Scope(self.name, "dev", f"/{item}")

    def collect(self, context: Context) -> Iterator[Observation]:
        yield from self._tell("collect", self.items)

    def refresh(self, context: Context, scopes: Iterable[Scope]) -> Iterator[Observation]:
        wanted = [scope.key[1:] for scope in scopes]
        yield from self._tell("refresh", [item for item in self.items if item in wanted])
        yield from (Observation(self.scope(item)) for item in wanted if item not in self.items)

    def poll(self, context: Context) -> Iterator[Observation]:
        yield from self._tell("poll", self.items)

    def depends_on(self, context: Context) -> object:
        self._break("depends_on")
        return sorted(record.id for record in context.view.records(self.needs))

    def watch(self, notify: Callable[[Scope | None], None]) -> Watcher | None:
        self._break("watch")
        self.notify = notify
        return Quiet()

    def _tell(self, part: str, items: Iterable[str]) -> Iterator[Observation]:
        self.calls.append(part)
        for item in items:
            yield Observation(self.scope(item), (server(item, path=f"/{self.name}/{item}"),))
        self._break(part)

    def _break(self, part: str) -> None:
        if part in self.breaks:
            raise ValueError("what the file said: ghp_secret")


class Quiet:
    mode = "quiet"

    def close(self) -> None:
        pass


def engine_of(*collectors: Shelf) -> Engine:
    inventory = Inventory(as_is)
    context = file_context(Settings())
    around = Context(context.endpoint, context.files, (), context.catalog, inventory)
    return Engine(collectors, inventory, lambda: around)


def names(engine: Engine) -> set[str]:
    # mypy: records of this kind are servers.
    return {str(record.name) for record in engine.inventory.records("mcp_server")}  # type: ignore[attr-defined]


def failures(engine: Engine) -> list[Diagnostic]:
    return [record for record in engine.inventory.records("diagnostic") if isinstance(record, Diagnostic)]


def test_a_reconcile_adds_what_is_there_and_retires_what_is_not() -> None:
    shelf = Shelf("one", "a", "b")
    engine = engine_of(shelf)
    engine.reconcile()
    assert names(engine) == {"a", "b"}
    shelf.items = ["b", "c"]
    engine.reconcile()
    assert names(engine) == {"b", "c"}
    assert engine.passes["one"].ok
    assert engine.passes["one"].records == 2


def test_a_refresh_reads_only_the_scopes_that_are_named() -> None:
    shelf, other = Shelf("one", "a", "b"), Shelf("two", "x")
    engine = engine_of(shelf, other)
    engine.reconcile()
    shelf.items = ["c"]
    engine.refresh([shelf.scope("a"), shelf.scope("c")])
    assert names(engine) == {"b", "c", "x"}
    assert other.calls == ["collect"]


def test_who_depends_on_what_another_found_collects_again_and_nobody_else_does() -> None:
    source, follower, loner = Shelf("one", "a"), Shelf("two", "x", needs="mcp_server"), Shelf("three", "y")
    engine = engine_of(follower, source, loner)
    engine.reconcile()
    calls = len(follower.calls)
    assert calls > 1
    source.items.append("b")
    engine.refresh([source.scope("b")])
    assert len(follower.calls) == calls + 1
    assert loner.calls == ["collect"]
    engine.refresh([source.scope("b")])
    assert len(follower.calls) == calls + 1


def test_two_that_chase_each_other_come_to_an_end() -> None:
    class Counter(Shelf):
        def collect(self, context: Context) -> Iterator[Observation]:
            self.items = [f"{self.name}{len(self.calls)}"]
            yield from super().collect(context)

    one, two = Counter("one", needs="mcp_server"), Counter("two", needs="mcp_server")
    engine_of(one, two).reconcile()
    assert len(one.calls) <= 4


@pytest.mark.parametrize("part", ["collect", "refresh", "poll", "depends_on", "watch"])
def test_a_part_that_breaks_is_told_without_its_text_and_until_it_works_again(part: str) -> None:
    shelf, other = Shelf("one", "a"), Shelf("two", "x")
    engine = engine_of(shelf, other)

    def everything() -> None:
        engine.watch(lambda scope, settles: None)
        engine.reconcile()
        engine.refresh([shelf.scope("a"), other.scope("x")])
        engine.poll(["one", "two"])

    everything()
    assert failures(engine) == []
    shelf.breaks = {part}
    everything()
    (failure,) = failures(engine)
    assert (failure.code, failure.severity, failure.key) == ("collector.failed", "error", "one")
    assert failure.message.startswith(f"{part}: ValueError at test_runner.py:")
    assert names(engine) == {"a", "x"}
    assert (engine.passes["one"].ok, engine.passes["two"].ok) == (False, True)
    shelf.breaks.clear()
    everything()
    assert failures(engine) == []
    assert engine.passes["one"].ok


def test_a_collect_that_breaks_on_the_way_retires_nothing() -> None:
    shelf = Shelf("one", "a", "b")
    engine = engine_of(shelf)
    engine.reconcile()
    success = engine.passes["one"].last_success
    shelf.items, shelf.breaks = ["c"], {"collect"}
    engine.reconcile()
    assert names(engine) == {"a", "b", "c"}
    assert engine.passes["one"].last_success == success
    shelf.breaks.clear()
    engine.reconcile()
    assert names(engine) == {"c"}


@pytest.mark.parametrize("part", ["refresh", "poll"])
def test_a_look_that_breaks_is_made_up_for_by_a_full_collection_once(part: str) -> None:
    shelf = Shelf("one", "a")
    engine = engine_of(shelf)
    engine.reconcile()
    shelf.items, shelf.breaks = ["b", "c"], {part}
    for _ in range(5):
        engine.refresh([shelf.scope("b")]) if part == "refresh" else engine.poll(["one"])
    assert names(engine) == {"b", "c"}
    assert shelf.calls.count("collect") == 2
    assert len(failures(engine)) == 1


def test_a_method_that_breaks_when_it_is_called_is_no_different_from_one_that_breaks_later() -> None:
    class AtOnce(Shelf):
        def collect(self, context: Context) -> Iterator[Observation]:
            raise ValueError

    engine = engine_of(AtOnce("one"), Shelf("two", "x"))  # type: ignore[arg-type]  # a list of no type
    engine.reconcile()
    assert len(failures(engine)) == 1
    assert names(engine) == {"x"}


def test_what_is_no_observation_is_a_failure_of_its_collector() -> None:
    class Odd(Shelf):
        def collect(self, context: Context) -> Iterator[Observation]:
            yield "nonsense"  # type: ignore[misc]  # that is the fault

    engine = engine_of(Odd("one"), Shelf("two", "x"))
    engine.reconcile()
    assert len(failures(engine)) == 1
    assert names(engine) == {"x"}


def test_a_diagnostic_of_the_collector_itself_is_not_taken_for_its_failure() -> None:
    class Telling(Shelf):
        def collect(self, context: Context) -> Iterator[Observation]:
            yield Observation(Scope("one", "dev", "/a"), (diagnostic(),), unknown=True)

    engine = engine_of(Telling("one"))
    engine.reconcile()
    assert engine.passes["one"].ok


def test_a_watcher_tells_its_scopes_and_whether_they_settle() -> None:
    shelf, quick = Shelf("one"), Shelf("two")
    quick.settles = False
    told: list[tuple[Scope | None, bool]] = []
    watchers = engine_of(shelf, quick).watch(lambda scope, settles: told.append((scope, settles)))
    assert set(watchers) == {"one", "two"}
    assert shelf.notify and quick.notify
    shelf.notify(shelf.scope("a"))
    quick.notify(None)
    assert told == [(shelf.scope("a"), True), (None, False)]
