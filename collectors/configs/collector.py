"""Server definitions, agents, artifacts, providers and diagnostics from the files of the catalog's clients."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from agent.records import Diagnostic, Evidence, Record
from collectors.configs.account_budget import AccountBudget
from collectors.contract import Collector, Context, Observation, Scope, Watcher
from collectors.locate.home_scan import HomeScan
from collectors.locate.interest import NAME, Interest
from collectors.locate.overrides import moved
from collectors.locate.path_index import PathIndex
from collectors.locate.presence import agent_records
from collectors.locate.projects import working_folders
from collectors.locate.starts import bringing
from collectors.readers.brought import start_records
from collectors.readers.file import observe_file
from collectors.sources.account import Home, Os
from collectors.sources.filesystem.windows_registry import is_key

if TYPE_CHECKING:
    from collectors.configs.watch import ConfigWatch
    from collectors.sources.watching.backend import Unwatched

_TURN_SECONDS = 2.0
"""For the changed files of one account before the next one's are read."""
Known = Mapping[str, tuple[list[Interest], Observation]]
_LAYOUTS: tuple[tuple[Os, str], ...] = (("macos", "Library"), ("windows", "AppData"))
"""Folders of a home that only one system has."""


class ConfigCollector(Collector):
    """Reads every file that some catalog client would read, one scope a file."""

    name = NAME

    def __init__(self) -> None:
        self._territories: dict[str, HomeScan] = {}
        self._places: dict[Os, PathIndex] = {}
        self._watch: ConfigWatch | None = None
        self._walked: Context | None = None
        self._familiar: dict[tuple[str, str], bool] = {}

    def collect(self, context: Context) -> Iterator[Observation]:
        self._places = {}
        territories = [HomeScan(None), *(HomeScan(home) for home in context.homes if home.reachable)]
        before, self._territories = self._territories, {territory.owner: territory for territory in territories}
        self._familiar.clear()
        for territory in territories:
            earlier = before.get(territory.owner)
            if earlier:
                territory.files = earlier.files
                territory.read_before = frozenset(earlier.read)
            if earlier and context is self._walked:
                # The same reconcile, because of what another collector found: no need to walk the homes again, nor to
                # read again what nobody has changed since.
                territory.walked, territory.read = earlier.walked, earlier.read
            else:
                territory.walk(context)
            self._survey(context, territory)
            yield from self._all(context, territory)
        for home in context.homes:
            if not home.reachable:
                yield Observation(Scope(NAME, home.owner, home.path), unknown=True)
        self._walked = context
        yield from self._follow(context)

    def refresh(self, context: Context, scopes: Iterable[Scope]) -> Iterator[Observation]:
        stale: dict[str, HomeScan] = {}
        budgets: dict[str, AccountBudget] = {}
        moved = False
        for territory, scope in self._in_turn(scopes):
            moved = moved or (
                self._watch is not None and self._watch.leads_elsewhere(context.files, territory.home, scope)
            )
            known = scope.key in territory.files and not context.files.is_absent(scope.key, territory.home)
            if known:
                budget = budgets.get(scope.owner) or self._budget(context, territory)
                budgets[scope.owner] = budget
                yield from self._budgeted(context, territory, [scope.key], budget)
            if not known or not territory.means_the_same(context, scope.key):
                stale[scope.owner] = territory
        for territory in stale.values():
            yield from self._again(context, territory)
        if stale or moved:
            yield from self._follow(context)

    def _in_turn(self, scopes: Iterable[Scope]) -> Iterator[tuple[HomeScan, Scope]]:
        """Scopes with the home they lie in: whoever changed least is heard first, and whoever changed so much that it
        takes too long goes on in the next look."""
        waiting: dict[str, list[Scope]] = {}
        for scope in scopes:
            waiting.setdefault(scope.owner, []).append(scope)
        for owner, own in sorted(waiting.items(), key=lambda one: len(one[1])):
            territory, deadline = self._territories.get(owner), time.monotonic() + _TURN_SECONDS
            for number, scope in enumerate(own if territory else ()):
                if time.monotonic() > deadline and self._watch:
                    self._watch.later(own[number:])
                    break
                if territory:
                    yield territory, scope

    def depends_on(self, context: Context) -> object:
        strange = tuple(place for place in working_folders(context) if not self._is_familiar(context, *place))
        moves = frozenset((move.owner, move.client.id if move.client else "", *move[1:3]) for move in moved(context))
        return strange, moves, frozenset(bringing(context))

    def _is_familiar(self, context: Context, owner: str, folder: str) -> bool:
        """Whether the folder is looked at anyway, so that an agent that comes to work there changes nothing."""
        known = self._familiar.get((owner, folder))
        if known is None:
            territory = self._territories.get(owner)
            known = self._familiar[owner, folder] = territory is not None and territory.knows(context, folder)
        return known

    def watch(self, notify: Callable[[Scope | None], None]) -> Watcher | None:
        from collectors.configs.watch import ConfigWatch

        self._watch = ConfigWatch(notify)
        return self._watch

    def files(self) -> Iterator[tuple[Home | None, str, list[Interest]]]:
        """Every file that there is to read, with whose it is and who reads it."""
        for territory in self._territories.values():
            yield from ((territory.home, path, interests) for path, interests in territory.files.items())

    def _survey(self, context: Context, territory: HomeScan) -> None:
        home, os = territory.home, context.os_of(territory.home)
        # Homes are carried over, shared between systems and kept in repositories.
        others = [
            (self._places_of(context, other), folder)
            for other, folder in _LAYOUTS
            if home and other != os and context.files.is_folder(f"{home.path}/{folder}", home)
        ]
        territory.survey(context, self._places_of(context, os), others)

    def _places_of(self, context: Context, os: Os) -> PathIndex:
        if os not in self._places:
            self._places[os] = PathIndex(context.catalog, os)
        return self._places[os]

    def _all(self, context: Context, territory: HomeScan) -> Iterator[Observation]:
        known, territory.read = territory.read, {}
        # What was read before comes first: what is new may only take what is left over.
        paths = sorted(territory.files, key=lambda path: path not in territory.read_before)
        yield from self._budgeted(context, territory, paths, self._budget(context, territory), known)
        yield from self._whole(context, territory)

    def _budgeted(
        self,
        context: Context,
        territory: HomeScan,
        paths: Iterable[str],
        budget: AccountBudget,
        known: Known = MappingProxyType({}),
    ) -> Iterator[Observation]:
        """These files, as far as the account's budget reaches; the others stay unknown."""
        present = self._present(territory)
        for path in paths:
            before = len(territory.read[path][1].records) if path in territory.read else 0
            if not budget.allows(path, before):
                yield Observation(Scope(NAME, territory.owner, path), unknown=True)
                continue
            seen = _file(context, territory, path, present, known)
            budget.spend(before, len(seen.records))
            yield seen
            if not self._watch:
                # Nobody tells what changes, so nothing may be taken for unchanged.
                territory.read.clear()
        if budget.left_out:
            territory.exceeded(context, budget.told)

    @staticmethod
    def _budget(context: Context, territory: HomeScan) -> AccountBudget:
        return AccountBudget(context.limits, sum(len(seen.records) for _, seen in territory.read.values()))

    def _again(self, context: Context, territory: HomeScan) -> Iterator[Observation]:
        """Survey a home again; files that were known before and still are need not be read for that."""
        before, earlier, closed = territory.files, self._present(territory), territory.closed
        self._survey(context, territory)
        present = self._present(territory)
        read_again: list[str] = []
        for path, readings in territory.files.items():
            if (
                path not in before
                or len(before[path]) != len(readings)
                or (present != earlier and any(reading.shared for reading in readings))
            ):
                read_again.append(path)
        yield from self._budgeted(context, territory, read_again, self._budget(context, territory))
        for path in (before.keys() - territory.files.keys()) | (closed.keys() - territory.closed.keys()):
            territory.read.pop(path, None)
            yield Observation(Scope(NAME, territory.owner, path))
        yield from self._whole(context, territory)

    def _whole(self, context: Context, territory: HomeScan) -> Iterator[Observation]:
        """What is true of the home as a whole: its agents, and where it could not be looked into."""
        base = territory.home.path if territory.home else ""
        machine = self._territories[""].installs if territory.home else {}
        agents = tuple(agent_records(context, territory.home, territory.installs, machine, territory.configured()))
        yield Observation(Scope(NAME, territory.owner, base + "/<agents>"), agents)
        troubles: tuple[Record, ...] = tuple(territory.troubles.values())
        yield Observation(Scope(NAME, territory.owner, base + "/<troubles>"), troubles)
        if home := territory.home:
            started = tuple(start_records(context, home, territory.starts, territory.brought))
            yield Observation(Scope(NAME, territory.owner, base + "/<starts>"), started)
        for folder, trouble in territory.closed.items():
            yield Observation(Scope(NAME, territory.owner, folder), (trouble,), unknown=True)

    def _present(self, territory: HomeScan) -> frozenset[str]:
        return territory.present() | frozenset(self._territories[""].installs)

    def _follow(self, context: Context) -> Iterator[Observation]:
        if self._watch:
            from collectors.configs.watch import WatchRoot

            grounds = [
                WatchRoot(t.owner, t.home, t.folders, [path for path in t.files if not is_key(path)])
                for t in self._territories.values()
            ]
            missed = self._watch.follow(context.files, grounds)
            yield Observation(Scope(NAME, "", "<watch>"), tuple(_unwatched(context, gap) for gap in missed))


def _file(
    context: Context,
    territory: HomeScan,
    path: str,
    present: frozenset[str],
    known: Known = MappingProxyType({}),
) -> Observation:
    """One file, as read by those it belongs to and by those that share it and are there."""
    readings = [r for r in territory.files[path] if not r.shared or r.client.id in present]
    if path not in known or known[path][0] != readings:
        territory.read[path] = readings, observe_file(context, territory.home, path, readings)
    else:
        territory.read[path] = known[path]
    return territory.read[path][1]


def _unwatched(context: Context, gap: Unwatched) -> Diagnostic:
    return Diagnostic(
        endpoint_id=context.endpoint_id,
        evidence=Evidence(collector=NAME, source=gap.path, confidence="confirmed"),
        code="watch.missing",
        message=f"changes here are seen only by the periodic reconcile: {gap.reason}",
        path=gap.path,
    )
