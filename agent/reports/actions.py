"""What agents did, for a person: one line an action, and a line a session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from agent.records.action import Action
from agent.reports.columns import columns

_ACTION = ("TIME", "AGENT", "OWNER", "PROJECT", "SESSION", "ACTION", "WHAT", "MODE", "DECISION", "RESULT", "MS")
_SESSION = (
    "SESSION",
    "AGENT",
    "OWNER",
    "PROJECT",
    "FROM",
    "ACTIONS",
    "UNASKED",
    "DENIED",
    "FAILED",
    "SERVERS",
    "MODES",
)
_SESSION_ID = 12
"""Characters of a session's id; of time-ordered ids the last ones tell them apart."""


def lines(actions: Sequence[Action]) -> Iterator[str]:
    """One line an action, in the order given; then one a session."""
    yield from rows(actions) if actions else ["No actions."]
    if sessions := _sessions(actions):
        yield from ("", "Sessions:", *sessions)


def rows(actions: Iterable[Action]) -> list[str]:
    """A head, and one line an action."""
    return columns(_ACTION, [_row(action) for action in actions])


def _sessions(actions: Iterable[Action]) -> list[str]:
    """A line a session, the earliest first; nothing without any."""
    found: dict[tuple[str | None, str, str | None], _Session] = {}
    for action in actions:
        found.setdefault((action.owner, action.agent, action.session_id), _Session()).add(action)
    rows = [session.row() for session in sorted(found.values(), key=lambda s: (s.first is None, str(s.first)))]
    return columns(_SESSION, rows) if rows else []


@dataclass(slots=True)
class _Session:
    """What is counted of one session."""

    last: Action | None = None
    first: datetime | None = None
    calls: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    servers: dict[str, None] = field(default_factory=dict)
    modes: dict[str, None] = field(default_factory=dict)
    project: str | None = None

    def add(self, action: Action) -> None:
        self.last = action
        self.project = action.project or self.project
        self.first = min(filter(None, (self.first, action.at)), default=None)
        if action.mode:
            self.modes[action.mode] = None
        if action.call_id is None:
            return
        self.calls += 1
        self.counts.update((action.decision, action.result))
        if action.mcp_server:
            self.servers[action.mcp_server] = None

    def row(self) -> tuple[str, ...]:
        assert self.last is not None
        return (
            _session_id(self.last),
            self.last.agent,
            self.last.owner or "-",
            self.project or "-",
            _time(self.first),
            str(self.calls),
            str(self.counts["auto"]),
            # A refused call counts once, though decision and result both say so.
            str(self.counts["denied"] // 2),
            str(self.counts["error"]),
            ", ".join(self.servers) or "-",
            ", ".join(self.modes) or "-",
        )


def _row(action: Action) -> tuple[str, ...]:
    return (
        _time(action.at),
        action.agent,
        action.owner or "-",
        action.project or "-",
        _session_id(action),
        action.action.replace("_", " "),
        _what(action),
        action.mode or "-",
        f"denied ({action.denied_by.replace('_', ' ')})" if action.denied_by else action.decision,
        action.result if action.call_id else "-",
        "-" if action.duration_ms is None else str(action.duration_ms),
    )


def _what(action: Action) -> str:
    if action.action == "mcp":
        return f"{action.mcp_server or '(which server is not told)'}/{action.mcp_tool or action.tool}"
    if action.programs:
        return f"{action.tool}: {' '.join(action.programs)}"
    return action.inner_tool or action.tool or "-"


def _session_id(action: Action) -> str:
    id = action.session_id or "-"
    return id if len(id) <= _SESSION_ID else "…" + id[-_SESSION_ID:]


def _time(at: datetime | None) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S") if at else "-"
