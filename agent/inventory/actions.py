"""Actions in the journal: each is told once, however often it was read, with the positions that were read to."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_jsonable_python

from agent.inventory.settings import ActionDetail
from agent.inventory.store import append_evidence, as_json
from agent.journal.journal import Journal, Transaction
from agent.records.action import Action, ActionCount
from agent.records.base import Evidence
from collectors.events import Batch
from collectors.transcripts.actions import client_of

REMEMBERED = timedelta(days=400)
"""How long it is known that an action was told. One that is older by its own time is not told any more."""
_SHARED = (
    "schema", "endpoint_id", "evidence", "told_by", "parent_session", "client_version", "project", "model",
    "provider", "mode",
)  # fmt: skip
"""Fields that an entry leaves out where they are as in the last entry of the same session."""
_ALL = {field.alias or name: name for name, field in Action.model_fields.items()}
_OWN = {told: name for told, name in _ALL.items() if told not in _SHARED}
_shared_of = attrgetter(*(_ALL[told] for told in _SHARED))
_MOST_ASKED = 500
"""Ids in one question to the database."""
_MOST_SESSIONS = 5_000
Session = tuple[str | None, str, str | None]
"""Owner, agent and session."""


class ActionLog:
    """What was told, and how far was read: all of a batch becomes durable, or nothing of it."""

    def __init__(
        self, journal: Journal, default: ActionDetail = "full", detail: Mapping[str, ActionDetail] | None = None
    ) -> None:
        """`detail` by the id of a client, `default` for all others."""
        self._journal = journal
        self._default: ActionDetail = default
        self._detail = detail or {}
        self._written: dict[Session, tuple[Any, ...]] = {}

    def positions(self) -> dict[str, str]:
        """How far each transcript was read."""
        with self._journal.reading() as connection:
            return dict(connection.execute("SELECT name, position FROM action_positions"))

    def leaves_out(self, agent: str) -> bool:
        """Whether nothing is told of a client's actions."""
        return self._detail.get(agent, self._default) == "off"

    def append(self, step: Transaction, batch: Batch) -> list[Action]:
        """Write a batch; the actions that were not told before."""
        wanted = {e.id: e for e in batch.events if isinstance(e, Action) and self._is_wanted(e)}
        for id in _told(step, wanted):
            del wanted[id]
        for action in wanted.values():
            self._tell(step, action)
        rows = [(bytes.fromhex(action.id), int(_when(action).timestamp())) for action in wanted.values()]
        rows += [(bytes.fromhex(event.id), int(event.observed_at.timestamp())) for event in batch.known]
        step.connection.executemany("INSERT OR IGNORE INTO actions_told VALUES (?, ?)", rows)
        known = [row for row in batch.positions.items() if row[1]]
        step.connection.executemany("REPLACE INTO action_positions VALUES (?, ?)", known)
        gone = [(name,) for name, position in batch.positions.items() if not position]
        step.connection.executemany("DELETE FROM action_positions WHERE name = ?", gone)
        self._close_hours(step)
        return list(wanted.values())

    def forget_context(self) -> None:
        """Say of every session all there is once more: what was said of it may not be durable."""
        self._written.clear()

    @staticmethod
    def forget_positions(step: Transaction, clients: Container[str]) -> None:
        """Drop how far transcripts of other clients than these were read."""
        names = [name for (name,) in step.connection.execute("SELECT name FROM action_positions")]
        gone = [(name,) for name in names if client_of(name) not in clients]
        step.connection.executemany("DELETE FROM action_positions WHERE name = ?", gone)

    @staticmethod
    def forget_old(step: Transaction) -> None:
        """Drop what need not be remembered any more."""
        oldest = (datetime.now(UTC) - REMEMBERED).timestamp()
        step.connection.execute("DELETE FROM actions_told WHERE at < ?", (int(oldest),))

    def _detail_of(self, action: Action) -> ActionDetail:
        return self._detail.get(action.agent, self._default)

    def _is_wanted(self, action: Action) -> bool:
        return self._detail_of(action) != "off" and action.observed_at - _when(action) <= REMEMBERED

    def _tell(self, step: Transaction, action: Action) -> None:
        if self._detail_of(action) == "full":
            append_evidence(step, "action", self._short(action), at=_when(action))
        else:
            _count(step, action, _when(action))

    def _short(self, action: Action) -> dict[str, Any]:
        """The record without what is empty, and without what the last entry of its session said."""
        if len(self._written) >= _MOST_SESSIONS:
            self._written.clear()
        session = action.owner, action.agent, action.session_id
        shared = _shared_of(action)
        if shared == self._written.get(session):
            return sparse(action, _OWN)
        self._written[session] = shared
        return sparse(action, _ALL)

    @staticmethod
    def _close_hours(step: Transaction) -> None:
        """Say the counts of hours that are over."""
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        for id, text in step.connection.execute("SELECT id, record FROM action_counts").fetchall():
            record = ActionCount.model_validate_json(text)
            if record.hour < now:
                append_evidence(step, "action", as_json(record), at=record.hour)
                step.connection.execute("DELETE FROM action_counts WHERE id = ?", (id,))


def _when(action: Action) -> datetime:
    """By its client's clock, but not later than it was read."""
    return min(action.at or action.observed_at, action.observed_at)


def _told(step: Transaction, ids: Iterable[str]) -> list[str]:
    """Those of actions that were told before."""
    found: list[str] = []
    asked = iter(ids)
    while some := [bytes.fromhex(id) for id in islice(asked, _MOST_ASKED)]:
        places = ",".join("?" * len(some))
        query = f"SELECT id FROM actions_told WHERE id IN ({places})"  # noqa: S608 - question marks only
        found += [id.hex() for (id,) in step.connection.execute(query, some)]
    return found


def _count(step: Transaction, action: Action, when: datetime) -> None:
    hour = when.replace(minute=0, second=0, microsecond=0)
    count = ActionCount(
        endpoint_id=action.endpoint_id,
        owner=action.owner,
        evidence=Evidence(collector=action.evidence.collector, confidence="confirmed"),
        agent=action.agent,
        hour=hour,
    )
    row = step.connection.execute("SELECT record FROM action_counts WHERE id = ?", (count.id,)).fetchone()
    counted = (ActionCount.model_validate_json(row[0]) if row else count).plus(action)
    step.connection.execute("REPLACE INTO action_counts VALUES (?, ?)", (count.id, counted.to_json()))


def sparse(action: Action, names: Mapping[str, str] = _ALL) -> dict[str, Any]:
    """An action as a JSON object without what is empty: what pydantic makes of it, in a tenth of the time."""
    found: dict[str, Any] = {}
    values = action.__dict__
    for told, name in names.items():
        value = values[name]
        if value is None or value == ():
            continue
        kind = value.__class__
        if kind is str or kind is int:
            found[told] = value
        elif kind is datetime and value.tzinfo is UTC:
            found[told] = value.isoformat().replace("+00:00", "Z")
        else:
            found[told] = to_jsonable_python(value, by_alias=True)
    return found


class Journaled:
    """The actions of a journal as whole records, from its start or from where the last reading ended."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._seq = 0
        self._said: dict[Session, dict[str, Any]] = {}

    def read(self, since: datetime) -> Iterator[Action]:
        """In the journal's order. Raises `JournalError`."""
        with self._journal.reading() as connection:
            query = "SELECT seq, body FROM entries WHERE seq > ? AND instr(body, ?) > 0 ORDER BY seq"
            for seq, body in connection.execute(query, (self._seq, b'"op":"action"')):
                self._seq = seq
                action = self._restored(json.loads(body).get("record") or {})
                if action and (action.at or action.observed_at) >= since:
                    yield action

    def _restored(self, record: Mapping[str, Any]) -> Action | None:
        """None for what is no action, or lacks what an entry before would have said."""
        session = record.get("owner"), str(record.get("agent")), record.get("session_id")
        if "schema" in record:
            self._said[session] = {name: record[name] for name in _SHARED if name in record}
        try:
            return Action.model_validate({**self._said.get(session, {}), **record})
        except ValidationError:
            return None
