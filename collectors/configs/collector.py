"""Server definitions, agents, artifacts, providers and diagnostics from the files of the catalog's clients."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import reduce
from types import MappingProxyType
from typing import TYPE_CHECKING

from agent.records import Diagnostic, Evidence, Record
from collectors.configs.account_budget import NOTHING, AccountBudget, Taken
from collectors.configs.turns import SECONDS, Turns
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
from collectors.readers.room import Room
from collectors.sources.account import Home, Os
from collectors.sources.filesystem.windows_registry import is_key

if TYPE_CHECKING:
    from collectors.configs.watch import ConfigWatch, WatchRoot
    from collectors.sources.watching.backend import Unwatched

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
        self._turns = Turns()
        self._taken: dict[str, dict[str, Taken]] = {}
        """What the records of each file take, by account."""
        self._watched: dict[str, frozenset[str]] = {}
        self._led_before: Mapping[str, frozenset[object]] = {}

    def collect(self, context: Context) -> Iterator[Observation]:
        self._places = {}
        led, before = self._led(context), self._territories
        homes = [None, *(home for home in context.homes if home.reachable)]
        territories = [self._carried(context, home, led) for home in homes]
        self._territories = {territory.owner: territory for territory in territories}
        self._familiar.clear()
        for territory in territories:
            if territory is not before.get(territory.owner):
                with self._turns.turn(territory.owner):
                    if context is not self._walked:
                        territory.walk(context)
                    self._survey(_bounded(context), territory)
        # Watched first and read afterwards, so that no change falls between.
        yield from self._follow(context)
        for territory in territories:
            with self._turns.turn(territory.owner):
                yield from self._all(_bounded(context), territory)
        for home in context.homes:
            if not home.reachable:
                yield Observation(Scope(NAME, home.owner, home.path), unknown=True)
        self._walked, self._led_before = context, led
        self._tell_due()

    def _carried(self, context: Context, home: Home | None, led: Mapping[str, frozenset[object]]) -> HomeScan:
        """A scan of this home, with what an earlier one read; that one itself where there is nothing to survey anew."""
        scan = HomeScan(home)
        earlier = self._territories.get(scan.owner)
        if earlier is None:
            return scan
        if context is self._walked:
            # The same reconcile, because of what another collector found: no need to walk the homes again, nor to
            # read again what nobody has changed since; and whoever rests is surveyed when that is over.
            same = led.get(scan.owner) == self._led_before.get(scan.owner)
            if home and not same and self._turns.rests(scan.owner):
                self._turns.wait([Scope(NAME, scan.owner, home.path)])
            if home and (same or self._turns.rests(scan.owner)):
                return earlier
            scan.walked, scan.read = earlier.walked, earlier.read
        scan.files, scan.named, scan.read_before = earlier.files, earlier.named, frozenset(earlier.read)
        return scan

    def refresh(self, context: Context, scopes: Iterable[Scope]) -> Iterator[Observation]:
        self._turns.wait(scopes)
        for owner, own in self._turns.next():
            if territory := self._territories.get(owner):
                yield from self._turn(_bounded(context), territory, own)
        self._tell_due()

    def poll(self, context: Context) -> Iterator[Observation]:
        """Whoever has rested."""
        if self._turns.ready():
            yield from self.refresh(context, ())

    def _turn(self, context: Context, territory: HomeScan, scopes: list[Scope]) -> Iterator[Observation]:
        """What changed in one home."""
        deadline, budget = time.monotonic() + SECONDS, self._budget(context, territory)
        stale = moved = False
        for number, scope in enumerate(scopes):
            if time.monotonic() > deadline:
                self._turns.wait(scopes[number:])
                break
            moved = moved or (
                self._watch is not None and self._watch.leads_elsewhere(context.files, territory.home, scope)
            )
            known = scope.key in territory.files and not context.files.is_absent(scope.key, territory.home)
            if known:
                yield from self._budgeted(context, territory, [scope.key], budget)
            stale = stale or not known or not territory.means_the_same(context, scope.key)
        if stale:
            yield from self._again(context, territory)
        elif moved:
            yield from self._follow(context, territory)

    def _tell_due(self) -> None:
        """See that the next look comes, where this one did not reach all."""
        if self._watch and (due := self._turns.due()):
            self._watch.later(due)

    def depends_on(self, context: Context) -> object:
        return self._led(context)

    def _led(self, context: Context) -> dict[str, frozenset[object]]:
        """What running agents lead to, by account: folders nobody knew, moved folders of clients, files they bring."""
        found: dict[str, set[object]] = {}
        for owner, folder in working_folders(context):
            if not self._is_familiar(context, owner, folder):
                found.setdefault(owner, set()).add(folder)
        for move in moved(context):
            found.setdefault(move.owner or "", set()).add((move.client.id if move.client else "", *move[1:3]))
        for owner, *given in bringing(context):
            found.setdefault(owner, set()).add(tuple(given))
        return {owner: frozenset(led) for owner, led in found.items()}

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
        self._taken[territory.owner] = {}
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
        present, taken = self._present(territory), self._taken.setdefault(territory.owner, {})
        for path in paths:
            before = taken.get(path, NOTHING)
            room = budget.room(path, before)
            if room is None:
                yield Observation(Scope(NAME, territory.owner, path), unknown=True)
                continue
            seen = _file(context, territory, path, present, room, known)
            taken[path] = Taken.by(seen.records)
            budget.spend(before, taken[path])
            yield seen
            if not self._watch:
                # Nobody tells what changes, so nothing may be taken for unchanged.
                territory.read.clear()
        if budget.left_out:
            territory.exceeded(context, budget.told)

    def _budget(self, context: Context, territory: HomeScan) -> AccountBudget:
        known = {
            owner: reduce(Taken.and_also, self._taken.get(owner, {}).values(), NOTHING) for owner in self._territories
        }
        own = known.pop(territory.owner, NOTHING)
        return AccountBudget(context.limits, own, list(known.values()))

    def _again(self, context: Context, territory: HomeScan) -> Iterator[Observation]:
        """Survey a home again; files that were known before and still are need not be read for that."""
        before, earlier, closed = territory.files, self._present(territory), territory.closed
        self._survey(context, territory)
        yield from self._follow(context, territory)
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
            self._taken[territory.owner].pop(path, None)
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

    def _follow(self, context: Context, one: HomeScan | None = None) -> Iterator[Observation]:
        """Watch what there is to read, of all homes or of one that changed."""
        if self._watch is None:
            return
        scans = [one] if one else list(self._territories.values())
        if one:
            missed = self._watch.follow_one(context.files, _ground(one))
        else:
            missed = self._watch.follow(context.files, map(_ground, scans))
        yield Observation(Scope(NAME, "", "<watch>"), tuple(_unwatched(context, gap) for gap in missed))
        for scan in scans:
            if new := scan.folders.keys() - self._watched.get(scan.owner, frozenset()):
                # What came to lie there after it was listed and before it was watched, nobody told.
                self._turns.wait([Scope(NAME, scan.owner, min(new))])
            self._watched[scan.owner] = frozenset(scan.folders)


def _ground(scan: HomeScan) -> WatchRoot:
    from collectors.configs.watch import WatchRoot

    return WatchRoot(scan.owner, scan.home, scan.folders, [path for path in scan.files if not is_key(path)])


def _bounded(context: Context) -> Context:
    """The same for a look at one account, which has to end."""
    return replace(context, limits=context.limits.from_now())


def _file(
    context: Context,
    territory: HomeScan,
    path: str,
    present: frozenset[str],
    room: Room,
    known: Known = MappingProxyType({}),
) -> Observation:
    """One file, as read by those it belongs to and by those that share it and are there."""
    readings = [r for r in territory.files[path] if not r.shared or r.client.id in present]
    if path not in known or known[path][0] != readings:
        territory.read[path] = readings, observe_file(context, territory.home, path, readings, room)
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
