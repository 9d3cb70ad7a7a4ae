"""Server definitions, agents and diagnostics from the configuration files of the catalog's clients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from agent.records import Diagnostic, Evidence
from collectors.catalog.schema import Client, Roots
from collectors.config_watch import ConfigWatch, Ground
from collectors.contract import Context, Home, Observation, Scope, Watcher
from collectors.places import Reading, Root, plan
from collectors.presence import agent_records, configured, install_evidence
from collectors.projects import distinct, named_roots, state_files, working_folders, working_roots
from collectors.reading import NAME, observe_file
from collectors.sources.documents import Unparseable
from collectors.sources.files import Unreadable
from collectors.sources.walk import find_projects
from collectors.sources.watch import Unwatched

_AGENTS = "/<agents>"


@dataclass(slots=True)
class _Territory:
    """What is known of where to look for one home: a cache, rebuilt by every full collection."""

    home: Home | None
    states: dict[str, list[tuple[Client, Roots]]] = field(default_factory=dict)
    """The clients' state files, with how to read each."""
    named: dict[str, frozenset[Root]] = field(default_factory=dict)
    """Roots by the state file that names them."""
    walked: tuple[Root, ...] = ()
    places: dict[str, list[Reading]] = field(default_factory=dict)
    existing: dict[str, list[Reading]] = field(default_factory=dict)
    installs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    troubles: dict[str, Diagnostic] = field(default_factory=dict)
    """State files that could not be read, and a walk that was cut short."""

    @property
    def owner(self) -> str:
        return self.home.owner if self.home else ""

    @property
    def agents_scope(self) -> Scope:
        return Scope(NAME, self.owner, (self.home.path if self.home else "") + _AGENTS)


class ConfigCollector:
    """Reads every file that some catalog client would read, one scope a file."""

    name = NAME

    def __init__(self) -> None:
        self._territories: dict[str, _Territory] = {}
        self._watch: ConfigWatch | None = None

    def collect(self, context: Context) -> Iterator[Observation]:
        territories = [_Territory(home) for home in (None, *(home for home in context.homes if home.reachable))]
        self._territories = {territory.owner: territory for territory in territories}
        for territory in territories:
            self._name(context, territory)
            self._walk(context, territory)
            self._plan(context, territory)
            yield from self._observe_all(context, territory)
        yield from self._follow(context)

    def refresh(self, context: Context, scopes: Iterable[Scope]) -> Iterator[Observation]:
        replan: dict[str, _Territory] = {}
        for scope in scopes:
            territory = self._territories.get(scope.owner)
            if territory is None:
                continue
            if scope.key in territory.places:
                yield from self._observe_one(context, territory, scope.key)
            if self._stale(context, territory, scope.key):
                replan[scope.owner] = territory
        for territory in replan.values():
            yield from self._replan(context, territory)
        if replan:
            yield from self._follow(context)

    def depends_on(self, context: Context) -> object:
        return tuple(working_folders(context))

    def poll(self, context: Context) -> Iterator[Observation]:
        return iter(())

    def watch(self, notify: Callable[[Scope | None], None]) -> Watcher | None:
        self._watch = ConfigWatch(notify)
        return self._watch

    def _name(self, context: Context, territory: _Territory) -> None:
        """Ask the clients' own state for folders."""
        territory.states.clear()
        territory.named.clear()
        if territory.home:
            for path, client, roots in state_files(context, territory.home):
                territory.states.setdefault(path, []).append((client, roots))
            for path in territory.states:
                territory.troubles.pop(path, None)
                try:
                    territory.named[path] = self._named(context, territory, path)
                except FileNotFoundError:
                    continue
                except (Unreadable, Unparseable) as error:
                    self._trouble(context, territory, path, error.code, error.message)

    def _named(self, context: Context, territory: _Territory, path: str) -> frozenset[Root]:
        home = territory.home
        if home is None:
            return frozenset()
        return frozenset(
            root for client, roots in territory.states[path] for root in named_roots(context, home, path, client, roots)
        )

    def _walk(self, context: Context, territory: _Territory) -> None:
        """Look for projects that no client remembers; only in a full collection, as it is what costs most."""
        home = territory.home
        if home and home.account != "service":
            walk = find_projects(context.files, home, context.catalog.project_markers, context.limits)
            territory.walked = tuple(Root("project", path, context.files.shown(path)) for path in walk.projects)
            if walk.truncated:
                self._trouble(context, territory, home.path, "walk.truncated", walk.truncated)

    def _plan(self, context: Context, territory: _Territory) -> None:
        roots: list[Root] = []
        if territory.home:
            named = [root for found in territory.named.values() for root in found]
            roots = distinct([*named, *working_roots(context, territory.home), *territory.walked], territory.home)
        territory.places = plan(context, territory.home, roots)
        territory.installs = install_evidence(context, territory.home)

    def _observe_all(self, context: Context, territory: _Territory) -> Iterator[Observation]:
        exists = context.files.exists
        territory.existing = {
            path: readings for path, readings in territory.places.items() if exists(path, territory.home)
        }
        present = self._present(territory)
        for path, readings in territory.existing.items():
            yield observe_file(context, territory.home, path, _concerned(readings, present))
        for path, trouble in territory.troubles.items():
            yield Observation(Scope(NAME, territory.owner, path + "/<state>"), (trouble,))
        yield self._agents(context, territory)

    def _observe_one(self, context: Context, territory: _Territory, path: str) -> Iterator[Observation]:
        readings = territory.places[path]
        before = self._present(territory)
        if context.files.exists(path, territory.home):
            territory.existing[path] = readings
        else:
            territory.existing.pop(path, None)
        present = self._present(territory)
        if present == before:
            yield observe_file(context, territory.home, path, _concerned(readings, present))
        else:
            yield Observation(Scope(NAME, territory.owner, path))
            yield from self._observe_all(context, territory)
        yield self._agents(context, territory)

    def _replan(self, context: Context, territory: _Territory) -> Iterator[Observation]:
        """Look again where to look, and say of every path that fell out of the plan that it holds nothing."""
        before = set(territory.existing)
        self._name(context, territory)
        self._plan(context, territory)
        yield from self._observe_all(context, territory)
        for path in before - set(territory.existing):
            yield Observation(Scope(NAME, territory.owner, path))

    def _stale(self, context: Context, territory: _Territory, path: str) -> bool:
        """Whether a change at `path` may change where to look."""
        if path not in territory.states:
            return path not in territory.places
        try:
            return self._named(context, territory, path) != territory.named.get(path)
        except FileNotFoundError:
            return path in territory.named
        except (Unreadable, Unparseable):
            return True

    def _present(self, territory: _Territory) -> frozenset[str]:
        machine = self._territories[""].installs if "" in self._territories else {}
        return frozenset(configured(territory.existing)) | frozenset(territory.installs) | frozenset(machine)

    def _agents(self, context: Context, territory: _Territory) -> Observation:
        machine = self._territories[""].installs if territory.home else {}
        records = agent_records(context, territory.home, territory.installs, machine, configured(territory.existing))
        return Observation(territory.agents_scope, tuple(records))

    def _trouble(self, context: Context, territory: _Territory, path: str, code: str, message: str) -> None:
        shown = context.files.shown(path)
        territory.troubles[path] = Diagnostic.of(
            endpoint_id=context.endpoint_id,
            owner=territory.owner or None,
            evidence=Evidence(collector=NAME, source=shown, confidence="confirmed"),
            severity="warning",
            code=code,
            message=message,
            path=shown,
        )

    def _follow(self, context: Context) -> Iterator[Observation]:
        if self._watch:
            grounds = (Ground(t.home, {**t.places, **t.states}) for t in self._territories.values())
            missed = self._watch.follow(context, grounds)
            scope = Scope(NAME, "", "<watch>")
            yield Observation(scope, tuple(self._unwatched(context, gap) for gap in missed))

    def _unwatched(self, context: Context, gap: Unwatched) -> Diagnostic:
        return Diagnostic.of(
            endpoint_id=context.endpoint_id,
            evidence=Evidence(collector=NAME, source=gap.path, confidence="confirmed"),
            code="watch.missing",
            message=f"changes here are seen only by the periodic reconcile: {gap.reason}",
            path=gap.path,
        )


def _concerned(readings: Iterable[Reading], present: frozenset[str]) -> list[Reading]:
    """Who reads a file: clients that it belongs to, and those that share it and are there."""
    return [reading for reading in readings if not reading.config.shared or reading.client.id in present]
