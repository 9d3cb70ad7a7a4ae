"""Actions in the journal: each is told once, however often it was read, with the positions that were read to."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

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
        self._written: dict[Session, dict[str, Any]] = {}

    def positions(self) -> dict[str, str]:
        """How far each transcript was read."""
        with self._journal.reading() as connection:
            return dict(connection.execute("SELECT name, position FROM action_positions"))

    def leaves_out(self, agent: str) -> bool:
        """Whether nothing is told of a client's actions."""
        return self._detail.get(agent, self._default) == "off"

    def append(self, step: Transaction, batch: Batch) -> list[Action]:
        """Write a batch; the actions that were not told before."""
        new = [event for event in batch.events if isinstance(event, Action) and self._tell(step, event)]
        for event in batch.known:
            _remember(step, event.id, event.observed_at)
        known = [row for row in batch.positions.items() if row[1]]
        step.connection.executemany("REPLACE INTO action_positions VALUES (?, ?)", known)
        gone = [(name,) for name, position in batch.positions.items() if not position]
        step.connection.executemany("DELETE FROM action_positions WHERE name = ?", gone)
        self._close_hours(step)
        return new

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

    def _tell(self, step: Transaction, action: Action) -> bool:
        detail: ActionDetail = self._detail.get(action.agent, self._default)
        when = min(action.at or action.observed_at, action.observed_at)
        if detail == "off" or action.observed_at - when > REMEMBERED or not _remember(step, action.id, when):
            return False
        if detail == "full":
            append_evidence(step, "action", self._short(action), at=when)
        else:
            _count(step, action, when)
        return True

    def _short(self, action: Action) -> dict[str, Any]:
        """The record without what is empty, and without what the last entry of its session said."""
        whole = {name: value for name, value in as_json(action).items() if value not in (None, [])}
        if len(self._written) >= _MOST_SESSIONS:
            self._written.clear()
        before = self._written.setdefault((action.owner, action.agent, action.session_id), {})
        shared = {name: whole.get(name) for name in _SHARED}
        if shared == before:
            return {name: value for name, value in whole.items() if name not in _SHARED}
        self._written[action.owner, action.agent, action.session_id] = shared
        return whole

    @staticmethod
    def _close_hours(step: Transaction) -> None:
        """Say the counts of hours that are over."""
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        for id, text in step.connection.execute("SELECT id, record FROM action_counts").fetchall():
            record = ActionCount.model_validate_json(text)
            if record.hour < now:
                append_evidence(step, "action", as_json(record), at=record.hour)
                step.connection.execute("DELETE FROM action_counts WHERE id = ?", (id,))


def _remember(step: Transaction, id: str, at: datetime) -> bool:
    """Whether it was not known before that this was told."""
    row = bytes.fromhex(id), int(at.timestamp())
    return step.connection.execute("INSERT OR IGNORE INTO actions_told VALUES (?, ?)", row).rowcount == 1


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
