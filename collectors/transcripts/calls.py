"""Joins what entries say of calls and sessions into actions, for one client of one account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import NamedTuple

from agent.records.action import ActionKind
from collectors.transcripts.call_facts import CallFacts
from collectors.transcripts.statement import Statement

TELEMETRY = "otlp"
"""The source of what no transcript says; there it has the path of its file."""

_MOST_OPEN = 5_000
"""Calls without a result that are kept; of more the oldest are told as they are."""
_MOST_MODES = 50
_MOST_BEFORE = 100
"""Of the oldest calls, that may stay open while later ones, which are complete, make room."""
_MOST_SESSIONS = 2_000
_LISTENS = timedelta(hours=1)
"""A client whose telemetry was heard so recently sends it still."""
_READ_ON = timedelta(minutes=1)
"""An old transcript is read in several steps: by then the result of a call at the end of one was read."""
_AWAITED = timedelta(seconds=15)
"""How long a call that one source told of is kept for the other, which sends every five seconds or so."""


@dataclass(slots=True)
class SessionFacts:
    """What is known of a session, or of a group of them."""

    version: str | None = None
    folder: str | None = None
    model: str | None = None
    provider: str | None = None
    mode: str | None = None
    parent_session: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    said: Statement | None = None
    """What was said last."""
    source: str = ""
    """Where the mode was told last."""
    modes: list[tuple[datetime, str]] = field(default_factory=list)
    """The last modes, by the time of each."""

    def mode_of(self, at: datetime | None, source: str) -> str | None:
        """The mode of a call: what stood before it in its own file, elsewhere what held at its time."""
        if source == self.source or at is None or not self.modes:
            return self.mode
        return next((mode for since, mode in reversed(self.modes) if since <= at), "unknown")


_UNKNOWN = SessionFacts()


@dataclass
class Call(CallFacts):
    """One call, as far as it is known by now."""

    id: str
    session: str
    group: str
    source: str
    mark: int = 0
    """Where in its source it was first told of."""
    nested: str | None = None
    """The id of the first call that was made from within it."""
    final_at: datetime | None = None
    """When it was read that nothing more is said of it."""
    read: bool = False
    """A transcript tells of it."""
    heard: bool = False
    """Telemetry tells of it."""
    read_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def at(self) -> datetime | None:
        """When it was asked for, or else answered."""
        return self.asked_at or self.answered_at

    @property
    def known_at(self) -> datetime:
        """Since when it is open."""
        return min(self.asked_at or self.read_at, self.read_at)


class Event(NamedTuple):
    """Something that befell a session: its start, its end, another permission mode."""

    action: ActionKind
    session: str
    group: str
    source: str
    at: datetime | None
    mode: str | None = None


class _Place(NamedTuple):
    """Where something was said of a call."""

    session: str
    group: str
    source: str
    mark: int
    heard: bool


_CALL_FACTS = frozenset(f.name for f in fields(CallFacts)) - {"mode"}
_SESSION_FACTS = frozenset({"version", "folder", "model", "provider", "mode", "parent_session"})


@dataclass(slots=True)
class Calls:
    """Everything that is open; `take` what is complete."""

    open: dict[str, Call] = field(default_factory=dict)
    sessions: dict[str, SessionFacts] = field(default_factory=dict)
    groups: dict[str, SessionFacts] = field(default_factory=dict)
    heard_at: datetime | None = None
    """When telemetry last told anything."""
    _events: list[Event] = field(default_factory=list)
    _overflow: list[Call] = field(default_factory=list)

    def add(self, said: Statement, session: str, group: str, source: str, mark: int) -> None:
        """What one entry says; `session` and `group` are those of the entry, "" where it belongs to none."""
        session = said.session or session
        if said.call:
            heard = source == TELEMETRY
            if heard:
                self.heard_at = datetime.now(UTC)
            self._add_to_call(said, _Place(session, group, source, mark, heard))
        elif said.event or not _SESSION_FACTS.isdisjoint(said.__dict__):
            self._add_to_session(said, session, group, source)

    def take(self, *, before: datetime | None = None, source: str | None = None) -> Iterator[Call | Event]:
        """What is complete or was asked for `before` a time (without one: all there is), of one `source` or of all. It
        is not kept."""
        events, self._events = self._events, []
        overflow, self._overflow = self._overflow, []
        yield from (event for event in events if source in (None, event.source))
        yield from (call for call in overflow if source in (None, call.source))
        for call in list(self.open.values()):
            ends = before is None or self._is_left(call, before) or self._is_told(call)
            if source in (None, call.source) and ends:
                del self.open[call.id]
                yield call

    def is_open(self, said: Statement) -> bool:
        """Whether something was said of a call that is not told yet."""
        return said.call in self.open or said.outer_call in self.open

    def open_from(self) -> dict[str, int]:
        """Where in each source the first call begins that is open."""
        found: dict[str, int] = {}
        for call in self.open.values():
            found[call.source] = min(call.mark, found.get(call.source, call.mark))
        return found

    def open_at(self, source: str) -> list[int]:
        """Where in a source calls begin that are open."""
        return sorted({call.mark for call in self.open.values() if call.source == source})

    def around(self, session: str, group: str) -> SessionFacts:
        """What is known of the session, of that which started it, or else of its group."""
        own = self.sessions.get(session, _UNKNOWN)
        parent = self.sessions.get(own.parent_session, _UNKNOWN) if own.parent_session else _UNKNOWN
        around = self.groups.get(group, _UNKNOWN)
        if parent is around is _UNKNOWN:
            return own
        return SessionFacts(
            own.version or parent.version or around.version,
            own.folder or parent.folder or around.folder,
            own.model or parent.model or around.model,
            own.provider or parent.provider or around.provider,
            own.mode or parent.mode or around.mode,
            own.parent_session,
        )

    def _add_to_call(self, said: Statement, place: _Place) -> None:
        call = self._call_of(said, place)
        known = call.__dict__
        for name, value in said.__dict__.items():
            if value and name in _CALL_FACTS and not known[name]:
                known[name] = value
        if not call.mode:
            own = self.sessions.get(call.session)
            call.mode = said.mode or (own.mode_of(call.at, place.source) if own else None)
        if said.final and not call.final_at:
            call.final_at = datetime.now(UTC)

    def _call_of(self, said: Statement, place: _Place) -> Call:
        """The call that is meant: for the first one within another that other one."""
        assert said.call is not None
        if not said.outer_call:
            return self._opened(said.call, place)
        outer = self._opened(said.outer_call, place)
        outer.nested = outer.nested or said.call
        return outer if outer.nested == said.call else self._opened(said.call, place)

    def _opened(self, id: str, place: _Place) -> Call:
        call = self.open.get(id)
        if call is None:
            if len(self.open) >= _MOST_OPEN:
                oldest = list(islice(self.open.values(), _MOST_BEFORE))
                gone = next((one for one in oldest if one.final_at), oldest[0])
                self._overflow.append(self.open.pop(gone.id))
            call = self.open[id] = Call(id, place.session, place.group, place.source, place.mark)
        if not (place.heard or call.read):
            # What a transcript says can be read again: from there the durable position counts.
            call.source, call.mark, call.session, call.group = place.source, place.mark, place.session, place.group
        call.read, call.heard = call.read or not place.heard, call.heard or place.heard
        return call

    @staticmethod
    def _is_left(call: Call, before: datetime) -> bool:
        """Whether it was asked for so long ago, and its result did not stand right behind it."""
        return call.known_at < before and datetime.now(UTC) - call.read_at > _READ_ON

    def _is_told(self, call: Call) -> bool:
        """Whether nothing more is said of it by either source."""
        if call.final_at is None:
            return False
        now = datetime.now(UTC)
        both = self.heard_at is not None and now - self.heard_at < _LISTENS
        return not both or (call.read and call.heard) or now - call.final_at > _AWAITED

    def _add_to_session(self, said: Statement, session: str, group: str, source: str) -> None:
        known, name = (self.sessions, session) if session else (self.groups, group)
        if not name:
            return
        if name not in known and len(known) >= _MOST_SESSIONS:
            known.pop(next(iter(known)))
        facts = known.setdefault(name, SessionFacts())
        if facts.said is said:
            return
        facts.said = said
        changed_mode = session and said.mode and facts.mode and said.mode != facts.mode
        if said.mode:
            facts.source = source
            if said.at and (not facts.modes or facts.modes[-1][1] != said.mode):
                facts.modes = [*facts.modes[1 - _MOST_MODES :], (said.at, said.mode)]
        for name, value in said.__dict__.items():
            if value and name in _SESSION_FACTS:
                setattr(facts, name, value)
        if changed_mode:
            self._events.append(Event("permission", session, group, source, said.at, said.mode))
        if said.event == "session_start" and not facts.started:
            facts.started = said.at
            self._events.append(Event("session_start", session, group, source, said.at, facts.mode))
        if said.event == "session_end" and said.at != facts.ended:
            facts.ended = said.at
            self._events.append(Event("session_end", session, group, source, said.at))


def in_order(found: Iterable[Call | Event]) -> list[Call | Event]:
    """By the client's time, those without one last."""

    def key(one: Call | Event) -> tuple[bool, float]:
        return one.at is None, one.at.timestamp() if one.at else 0.0

    return sorted(found, key=key)
