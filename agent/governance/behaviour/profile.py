"""What is usual for one agent of one account in one project: counts by name and hour, of bounded size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from agent.records.action import Action, Decision, Result

if TYPE_CHECKING:
    from pydantic import TypeAdapter

N = TypeVar("N", bound=str)

_MOST_NAMES = 200
"""Names of one sort that a profile knows; of more, further ones are not told apart. A full profile is some 20 KB."""
_MOST_DAYS = 60
_MOST_MODES = 12
_MOST_UNUSUAL = 20
_MOST_COUNTED = 100
PEAK_MINUTES = 10


@dataclass(slots=True)
class ModeUse:
    """How often sessions ran in a permission mode."""

    sessions: int = 0
    last_at: datetime | None = None
    last_session: str = ""


@dataclass(slots=True)
class CalledTool:
    """How often a tool of an MCP server was called."""

    server: str
    tool: str
    times: int
    last_at: datetime


@dataclass(slots=True)
class Noted:
    """Something unusual, in words."""

    kind: str
    subject: str
    why: str
    at: datetime
    session: str = ""


@dataclass(slots=True)
class Profile:
    """What was done so far. `add` takes actions in the order of their time."""

    first_at: datetime | None = None
    last_at: datetime | None = None
    calls: int = 0
    sessions: int = 0
    counted: list[str] = field(default_factory=list)
    """The last sessions, and the last modes of sessions, that were counted: several may go on at once."""
    tools: dict[str, int] = field(default_factory=dict)
    servers: dict[str, int] = field(default_factory=dict)
    tool_uses: dict[str, CalledTool] = field(default_factory=dict)
    """Tools of servers that are known by name, by `server/tool`."""
    programs: dict[str, int] = field(default_factory=dict)
    hosts: dict[str, str] = field(default_factory=dict)
    """Hosts that its processes connected to, with the day of the first time."""
    last_web_at: datetime | None = None
    """When a tool for the web was last called."""
    decisions: dict[Decision, int] = field(default_factory=dict)
    results: dict[Result, int] = field(default_factory=dict)
    hours: list[int] = field(default_factory=lambda: [0] * 24)
    """Calls by the local hour of the day."""
    days: dict[str, int] = field(default_factory=dict)
    """Calls by day, of the last 60."""
    modes: dict[str, ModeUse] = field(default_factory=dict)
    peak_before: int = 0
    """The most calls within ten minutes, but for the ten minutes under way, of which the next two tell."""
    peak_from: datetime | None = None
    peak_now: int = 0
    unusual: list[Noted] = field(default_factory=list)
    """The last things that were unusual."""
    first_bypass: str = ""
    """The first session in which nobody was ever asked, and when."""
    first_bypass_at: datetime | None = None

    def age(self, at: datetime) -> timedelta:
        """For how long it has been learned."""
        return at - self.first_at if self.first_at else timedelta(0)

    def add(self, action: Action, *, unasked_mode: bool = False) -> None:
        """Take one action in."""
        at = action.at or action.observed_at
        self.first_at = min(self.first_at or at, at)
        self.last_at = max(self.last_at or at, at)
        self._add_session(action, at, unasked_mode)
        if action.call_id is None:
            return
        self.calls += 1
        _count(self.decisions, (action.decision,))
        _count(self.results, (action.result,))
        _count(self.servers, (action.mcp_server,) if action.mcp_server else ())
        _count(self.programs, action.programs)
        _count(self.tools, (tool_of(action),))
        self._add_use(action, at)
        if action.action == "web":
            self.last_web_at = max(self.last_web_at or at, at)
        local = at.astimezone()
        self.hours[local.hour] += 1
        _count(self.days, (local.date().isoformat(),), most=_MOST_DAYS + 1)
        if len(self.days) > _MOST_DAYS:
            self.days.pop(min(self.days))
        self._add_to_peak(at)

    def _add_use(self, action: Action, at: datetime) -> None:
        """A call that was refused shows that there is the tool, but is none."""
        if not action.mcp_server or not action.mcp_tool or action.result == "denied":
            return
        name = tool_of(action)
        if use := self.tool_uses.get(name):
            use.times += 1
            use.last_at = max(use.last_at, at)
        elif len(self.tool_uses) < _MOST_NAMES:
            self.tool_uses[name] = CalledTool(action.mcp_server, action.mcp_tool, 1, at)

    def note(self, noted: Noted) -> None:
        """Keep something unusual; the same thing of the same kind once, with the last time."""
        self.unusual = [one for one in self.unusual if (one.kind, one.subject) != (noted.kind, noted.subject)]
        self.unusual = [*self.unusual, noted][-_MOST_UNUSUAL:]

    def _add_session(self, action: Action, at: datetime, unasked_mode: bool) -> None:
        session = action.session_id or ""
        self.sessions += bool(session) and self._is_first(session)
        if action.mode and (action.mode in self.modes or len(self.modes) < _MOST_MODES):
            use = self.modes.setdefault(action.mode, ModeUse())
            use.sessions += self._is_first(f"{session} {action.mode}")
            use.last_session, use.last_at = session, max(use.last_at or at, at)
        if unasked_mode and not self.first_bypass_at:
            self.first_bypass, self.first_bypass_at = session, at

    def _is_first(self, name: str) -> bool:
        if name in self.counted:
            return False
        self.counted = [*self.counted, name][-_MOST_COUNTED:]
        return True

    def _add_to_peak(self, at: datetime) -> None:
        if self.peak_from is None or at - self.peak_from > timedelta(minutes=PEAK_MINUTES):
            self.peak_before = max(self.peak_before, self.peak_now)
            self.peak_from, self.peak_now = at, 0
        self.peak_now += 1

    def to_json(self) -> str:
        return _adapter().dump_json(self, exclude_defaults=True).decode()

    @classmethod
    def from_json(cls, text: str) -> Profile:
        """An empty one where it cannot be read: it is learned anew."""
        try:
            return _adapter().validate_json(text)
        except ValidationError:
            return cls()


@cache
def _adapter() -> TypeAdapter[Profile]:
    # 9 ms and half a MB, which a look at the machine does not need.
    from pydantic import TypeAdapter

    return TypeAdapter(Profile)


Key = tuple[str, str, str]
"""Owner, agent and project; "" for none."""


def key_of(action: Action) -> Key:
    """Whose profile an action belongs to."""
    return action.owner or "", action.agent, action.project or ""


def tool_of(action: Action) -> str:
    """The tool by one name: `server/tool` for one of an MCP server."""
    if action.action == "mcp":
        return f"{action.mcp_server or '?'}/{action.mcp_tool or action.tool or '?'}"
    return action.inner_tool or action.tool or action.action


def _count(counts: dict[N, int], names: Iterable[N], most: int = _MOST_NAMES) -> None:
    for name in names:
        if name in counts or len(counts) < most:
            counts[name] = counts.get(name, 0) + 1
