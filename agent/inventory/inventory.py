"""What is true now: facts per scope, replaced whole, and the inventory that follows from them with its changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

import rfc8785

from agent.inventory.pace import Pace, same
from agent.inventory.room import Room
from agent.records import Record
from agent.records.change import FieldChange
from collectors.contract import Observation, Scope

Derive = Callable[[Iterable[Record], Mapping[str, Record]], Mapping[str, Record]]
"""From all facts, and the inventory as it was committed last, to the inventory by record id. Pure."""


_FEW = 100
"""Records that may stand beside what was known of a scope."""


class Change(NamedTuple):
    """One record that came, went or became different."""

    op: Literal["discovered", "changed", "removed"]
    record: Record
    fields: tuple[FieldChange, ...] = ()


class Inventory:
    """Facts by scope and the records derived from them. Nothing is durable here: `agent.inventory.store` keeps it."""

    def __init__(
        self,
        derive: Derive,
        facts: Mapping[Scope, tuple[Record, ...]] | None = None,
        current: Mapping[str, Record] | None = None,
    ) -> None:
        self._derive = derive
        self._facts: dict[Scope, tuple[Record, ...]] = dict(facts or {})
        self._current: dict[str, Record] = dict(current or {})
        self.unknown: set[Scope] = set()
        self._known_whole: dict[Scope, tuple[Record, ...]] = {}
        """What was known of an unknown scope when it was last told whole: only that is kept beside what is told now."""
        self.dirty: set[Scope] = set()
        """Scopes whose facts changed since the last `committed`."""
        self.pace: Pace | None = None
        """What makes changes wait that come too fast; without one all are taken in at once."""
        self.room: Room | None = None
        """What bounds the memory of each account; without one nothing does."""
        self.version = 0
        """Grows with every change of a fact."""
        self._derived_version = -1
        self._derived: dict[str, Record] = {}

    def facts(self, scope: Scope) -> tuple[Record, ...]:
        return self._facts.get(scope, ())

    def told(self, scope: Scope) -> tuple[Record, ...]:
        """What was last seen of a scope, though it may still wait to be taken in."""
        waiting = self.pace.waiting(scope) if self.pace else None
        return self.facts(scope) if waiting is None else waiting

    def records(self, kind: str) -> Iterator[Record]:
        """Facts of one kind, as the collectors told them."""
        return (record for records in self._facts.values() for record in records if record.kind == kind)

    def all(self) -> list[Record]:
        """The derived inventory, in a stable order."""
        return sorted(self._current.values(), key=lambda r: (r.kind, r.owner or "", r.id))

    def replace(self, seen: Observation) -> None:
        """Put what is true of a scope now in place of what was known of it."""
        if seen.unknown:
            self.unknown.add(seen.scope)
            known = self._known_whole.setdefault(seen.scope, self.told(seen.scope))
            self._put(seen.scope, _joined(known, seen.records))
        else:
            self.unknown.discard(seen.scope)
            self._known_whole.pop(seen.scope, None)
            self._put(seen.scope, seen.records)

    def bound(self) -> None:
        """From now on no account takes more memory than it may."""
        self.room = Room(self._facts)

    def retire(self, collector: str, seen: set[Scope]) -> None:
        """Drop the scopes of a collector that a full collection did not name, unless an unknown one covers them."""
        unknown = [scope for scope in self.unknown if scope.collector == collector and scope in seen]
        self.unknown = {scope for scope in self.unknown if scope.collector != collector or scope in seen}
        self._known_whole = {scope: known for scope, known in self._known_whole.items() if scope in self.unknown}
        scopes = (*self._facts, *(self.pace.scopes() if self.pace else ()))
        for scope in {scope for scope in scopes if scope.collector == collector and scope not in seen}:
            if not any(known.covers(scope) for known in unknown):
                self._put(scope, ())

    def resume(self, known: Mapping[str, Record]) -> None:
        """Go on from what an earlier look found: a finding is open since then, a tool is what it was then."""
        self._current = dict(known)

    def settle(self) -> list[Change]:
        """Derive the inventory anew and tell what changed since the last time; call `committed` once that is safe."""
        self._take_in()
        if self._derived_version != self.version:
            self._derived = dict(self._derive(self._all_facts(), self._current))
            self._derived_version = self.version
        elif self._current is self._derived:
            return []
        return list(_differences(self._current, self._derived))

    def _take_in(self) -> None:
        """What has waited long enough; then a new step begins."""
        if self.pace:
            for scope in self.pace.scopes():
                self._put(scope, self.told(scope))
            self.pace.step()

    def _all_facts(self) -> Iterator[Record]:
        return (record for records in self._facts.values() for record in records)

    def touch(self) -> None:
        """Derive anew at the next `settle`, so that times and counts are those of now."""
        self.version += 1

    def committed(self) -> None:
        """The changes told by `settle` are durable: they are the state to compare with from now on."""
        if self._derived_version >= 0:
            self._current = self._derived
        self.dirty.clear()

    def digest(self) -> str:
        """SHA-256 over the sorted ids and facts of the inventory: equal digests mean equal inventories."""
        return digest(self._current.values())

    def _put(self, scope: Scope, records: tuple[Record, ...]) -> None:
        before = self._facts.get(scope, ())
        if self.room and self.room.was_cut(scope, records):
            records = before
        if same(before, records):
            if self.pace:
                self.pace.forget(scope)
            if records:
                # When it was last seen, and how often, is kept up to date without being a change.
                self._facts[scope] = records
            return
        if self.pace and not self.pace.admits(scope, before, records):
            return
        if self.room:
            records = self.room.fitting(scope, before, records)
        self.dirty.add(scope)
        self.version += 1
        if records:
            self._facts[scope] = records
        else:
            self._facts.pop(scope, None)


def _joined(known: tuple[Record, ...], told: tuple[Record, ...]) -> tuple[Record, ...]:
    """What was known of a scope, brought up to date by what a look told that did not see it whole. What was known comes
    first, and both together are hardly more than the larger of the two: else whoever changes what is too much has
    twice that."""
    now, before = {record.id for record in told}, {record.id for record in known}
    kept = tuple(record for record in known if record.kind != "diagnostic" and record.id not in now)
    left = max(len(known), len(told), _FEW) - len(kept)
    up_to_date = [record for record in told if record.id in before or record.kind == "diagnostic"]
    new = [record for record in told if record.id not in before and record.kind != "diagnostic"]
    return (*kept, *up_to_date, *new[: max(0, left - len(up_to_date))])


def digest(records: Iterable[Record]) -> str:
    """SHA-256, in hex, over the facts of records by ascending id, each as RFC 8785 canonical JSON.

    A receiver can compute the same from the records it holds: see `docs/protocol.md`.
    """
    total = hashlib.sha256()
    for record in sorted(records, key=lambda r: r.id):
        total.update(rfc8785.dumps(record.facts()))
    return total.hexdigest()


def _differences(before: Mapping[str, Record], after: Mapping[str, Record]) -> Iterator[Change]:
    for id_, old in before.items():
        if id_ not in after:
            yield Change("removed", old)
    for id_, new in after.items():
        known = before.get(id_)
        if known is None:
            yield Change("discovered", new)
        elif known is not new and not known.same_facts(new):
            yield Change("changed", new, tuple(_field_changes(known.facts(), new.facts())))


def _field_changes(before: dict[str, Any], after: dict[str, Any]) -> Iterator[FieldChange]:
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield FieldChange(field=name, before=before.get(name), after=after.get(name))
