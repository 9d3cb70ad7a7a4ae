"""Full snapshots in the journal, so that a receiver can start from one and forget what it missed."""

from __future__ import annotations

import json
import random
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from agent.inventory.look_scope import is_complete, scope_of
from agent.inventory.runner import Engine
from agent.inventory.store import Store, append_evidence, as_json, readable
from agent.journal.journal import Journal, Transaction
from agent.records import LookScope, Record

_LAST = "snapshot"
_PLACE = "snapshot_place"
_LONGEST = timedelta(days=30)
"""How long an inventory that does not change is only referred to: retention cuts nothing behind a snapshot."""


class SnapshotPlace(NamedTuple):
    """A whole snapshot in the journal."""

    begin: int
    end: int
    """Numbers of its two markers."""
    digest: str
    """Of the inventory that it holds."""
    scope: str
    """What it answers for, as JSON."""
    at: datetime


class Snapshots:
    """One when a journal begins, then one per interval; a restart in between with the same inventory needs none."""

    def __init__(self, store: Store, seconds: float) -> None:
        self._store = store
        # A fleet that was installed in the same minute must not report in the same minute every day.
        self._interval = timedelta(seconds=seconds * random.uniform(0.9, 1.0))  # noqa: S311 - spreads load, guards nothing

    def due(self) -> bool:
        """Whether there is none yet, or the last one is too old or, since the clock was set back, of the future."""
        try:
            age = datetime.now(UTC) - datetime.fromisoformat(self._store.mark(_LAST) or "")
        except (ValueError, TypeError):
            return True
        return not timedelta(0) <= age < self._interval

    def append(self, step: Transaction, engine: Engine, anew: bool = False) -> SnapshotPlace:
        """The whole inventory, in the step that is under way; where it is the last one's still, only that it is, unless
        it is wanted `anew`. Where in the journal it stands."""
        now, digest, last = datetime.now(UTC), engine.inventory.digest(), self.last()
        Store.set_mark(step, _LAST, now.isoformat())
        scope = scope_of(engine)
        same = last and (last.digest, last.scope) == (digest, scope.model_dump_json())
        if last and same and not anew and timedelta(0) <= now - last.at < _LONGEST:
            return last
        place = append_snapshot(step, engine, scope)
        Store.set_mark(step, _PLACE, json.dumps({**place._asdict(), "at": place.at.isoformat()}))
        return place

    def last(self) -> SnapshotPlace | None:
        """Where the last one stands; None where there is none, or none that can be read."""
        try:
            found = json.loads(self._store.mark(_PLACE) or "")
            at = datetime.fromisoformat(found.pop("at")).astimezone(UTC)
            return SnapshotPlace(at=at, **found)
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


def append_snapshot(step: Transaction, engine: Engine, scope: LookScope) -> SnapshotPlace:
    """The whole inventory between its two markers, which say what it answers for; where they stand."""
    records = engine.inventory.all()
    marker = {
        "kind": "snapshot",
        "id": uuid.uuid4().hex,
        "endpoint_id": engine.context.endpoint_id,
        "scope": scope.model_dump(mode="json"),
    }
    append_evidence(step, "snapshot_begin", marker)
    begin = step.head.seq
    for record in records:
        append_evidence(step, "snapshot", as_json(record), at=record.observed_at)
    end = {
        **marker,
        "status": "complete" if is_complete(engine, scope) else "partial",
        "counts": dict(sorted(Counter(record.kind for record in records).items())),
        "digest": engine.inventory.digest(),
    }
    append_evidence(step, "snapshot_end", end)
    return SnapshotPlace(begin, step.head.seq, engine.inventory.digest(), scope.model_dump_json(), datetime.now(UTC))


def records_in(journal: Journal, place: SnapshotPlace) -> Iterator[Record]:
    """What a snapshot holds, as far as this version can read it. Raises `JournalError`."""
    entries = journal.read(place.begin, place.end - place.begin, 1 << 40)
    return readable(entry.record for entry in entries if entry.op == "snapshot")
