"""Server definitions, agents, artifacts, providers and diagnostics from the files of the catalog's clients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from agent.records import Diagnostic, Evidence, Record
from collectors.config_watch import ConfigWatch, Ground
from collectors.contract import Context, Observation, Scope, Watcher
from collectors.origin import NAME
from collectors.overrides import movers
from collectors.places import Places
from collectors.presence import agent_records
from collectors.projects import working_folders
from collectors.reading import observe_file
from collectors.sources.watch import Unwatched
from collectors.territory import Territory


class ConfigCollector:
    """Reads every file that some catalog client would read, one scope a file."""

    name = NAME
    settles = True

    def __init__(self) -> None:
        self._territories: dict[str, Territory] = {}
        self._places: Places | None = None
        self._watch: ConfigWatch | None = None
        self._walked: Context | None = None

    def collect(self, context: Context) -> Iterator[Observation]:
        self._places = Places(context.catalog, context.os)
        territories = [Territory(None), *(Territory(home) for home in context.homes if home.reachable)]
        before, self._territories = self._territories, {territory.owner: territory for territory in territories}
        for territory in territories:
            if context is self._walked and territory.owner in before:
                # The same reconcile, because of what another collector found: no need to walk the homes again.
                territory.walked = before[territory.owner].walked
            else:
                territory.walk(context)
            if territory.owner in before:
                territory.files = before[territory.owner].files
            territory.survey(context, self._places)
            yield from self._all(context, territory)
        for home in context.homes:
            if not home.reachable:
                yield Observation(Scope(NAME, home.owner, home.path), unknown=True)
        self._walked = context
        yield from self._follow(context)

    def refresh(self, context: Context, scopes: Iterable[Scope]) -> Iterator[Observation]:
        stale: dict[str, Territory] = {}
        moved = False
        for scope in scopes:
            moved = moved or (self._watch is not None and self._watch.leads_elsewhere(scope.key))
            territory = self._territories.get(scope.owner)
            if territory is None:
                continue
            known = scope.key in territory.files and context.files.exists(scope.key, territory.home)
            if known:
                yield _file(context, territory, scope.key, self._present(territory))
            if not known or not territory.means_the_same(context, scope.key):
                stale[scope.owner] = territory
        for territory in stale.values():
            yield from self._again(context, territory)
        if stale or moved:
            yield from self._follow(context)

    def depends_on(self, context: Context) -> object:
        return tuple(working_folders(context)), movers(context)

    def poll(self, context: Context) -> Iterator[Observation]:
        return iter(())

    def watch(self, notify: Callable[[Scope | None], None]) -> Watcher | None:
        self._watch = ConfigWatch(notify)
        return self._watch

    def _all(self, context: Context, territory: Territory) -> Iterator[Observation]:
        present = self._present(territory)
        for path in territory.files:
            yield _file(context, territory, path, present)
        yield from self._whole(context, territory)

    def _again(self, context: Context, territory: Territory) -> Iterator[Observation]:
        """Survey a home again; files that were known before and still are need not be read for that."""
        assert self._places is not None
        before, earlier, closed = territory.files, self._present(territory), territory.closed
        territory.survey(context, self._places)
        present = self._present(territory)
        for path, readings in territory.files.items():
            if (
                path not in before
                or len(before[path]) != len(readings)
                or (present != earlier and any(reading.shared for reading in readings))
            ):
                yield _file(context, territory, path, present)
        for path in (before.keys() - territory.files.keys()) | (closed.keys() - territory.closed.keys()):
            yield Observation(Scope(NAME, territory.owner, path))
        yield from self._whole(context, territory)

    def _whole(self, context: Context, territory: Territory) -> Iterator[Observation]:
        """What is true of the home as a whole: its agents, and where it could not be looked into."""
        base = territory.home.path if territory.home else ""
        machine = self._territories[""].installs if territory.home else {}
        agents = tuple(agent_records(context, territory.home, territory.installs, machine, territory.configured()))
        yield Observation(Scope(NAME, territory.owner, base + "/<agents>"), agents)
        troubles: tuple[Record, ...] = tuple(territory.troubles.values())
        yield Observation(Scope(NAME, territory.owner, base + "/<troubles>"), troubles)
        for folder, trouble in territory.closed.items():
            yield Observation(Scope(NAME, territory.owner, folder), (trouble,), unknown=True)

    def _present(self, territory: Territory) -> frozenset[str]:
        return territory.present() | frozenset(self._territories[""].installs)

    def _follow(self, context: Context) -> Iterator[Observation]:
        if self._watch:
            grounds = [Ground(t.owner, t.folders, t.files) for t in self._territories.values()]
            missed = self._watch.follow(grounds)
            yield Observation(Scope(NAME, "", "<watch>"), tuple(_unwatched(context, gap) for gap in missed))


def _file(context: Context, territory: Territory, path: str, present: frozenset[str]) -> Observation:
    """One file, as read by those it belongs to and by those that share it and are there."""
    readings = [r for r in territory.files[path] if not r.shared or r.client.id in present]
    return observe_file(context, territory.home, path, readings)


def _unwatched(context: Context, gap: Unwatched) -> Diagnostic:
    return Diagnostic.of(
        endpoint_id=context.endpoint_id,
        evidence=Evidence(collector=NAME, source=gap.path, confidence="confirmed"),
        code="watch.missing",
        message=f"changes here are seen only by the periodic reconcile: {gap.reason}",
        path=gap.path,
    )
