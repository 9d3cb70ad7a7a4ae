"""What is unusual about an action, by its profile and by what went before in its session, with the numbers."""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from agent.governance.behaviour.profile import PEAK_MINUTES, Profile, tool_of
from agent.records.action import Action

Kind = Literal[
    "first_server",
    "first_host",
    "destructive_tool",
    "risky_program",
    "burst",
    "failing_loop",
    "unusual_hour",
    "denied_then_otherwise",
    "after_new_server",
    "first_bypass",
]

LEARNED = timedelta(days=14)
"""How long a profile is learned before anything is unusual."""
_LEAST_CALLS = 50
_LEAST_BURST = 60
_BURST = 5
"""How many times the most calls of ten minutes so far."""
_LEAST_FAILURES = 8
_LEAST_FOR_HOURS = 300
_SOON = timedelta(minutes=10)
_NEXT_CALLS = 3
"""After a refusal these are likely to be about the same thing."""
_MOST_SESSIONS = 500
_DESTRUCTIVE = re.compile(
    r"(^|[_./-])(delete|destroy|drop|erase|kill|purge|remove|reset|revoke|terminate|truncate|wipe|uninstall|transfer|pay"
    r"|deploy|publish)([_./-]|$)",
    re.IGNORECASE,
)
_OTHER_WAYS: dict[str, frozenset[str]] = {
    "web": frozenset({"curl", "wget", "aria2c", "http", "https"}),
    "file_write": frozenset({"tee", "sed", "dd", "cp", "mv", "perl", "patch", "install"}),
    "file_read": frozenset({"cat", "head", "tail", "less", "more", "sed", "awk", "xxd", "strings", "bat"}),
}
"""Programs that do what a refused tool of that kind would have done."""


class Deviation(NamedTuple):
    """One thing that is unusual, in words."""

    kind: Kind
    subject: str
    """What it is about: a server, a tool, a program, an hour."""
    why: str
    """The numbers that made it."""
    action: Action


@dataclass(slots=True)
class _Recent:
    """What went before in a session."""

    denied: deque[Action | None] = field(default_factory=lambda: deque(maxlen=_NEXT_CALLS))
    """Of the last few calls those that were refused; None for the others."""
    failures: int = 0
    failing: str = ""
    new_server: str = ""
    new_server_at: datetime | None = None


class Watch:
    """Judges actions one after the other, each before it is added to its profile."""

    def __init__(self, risks: Mapping[str, str], learned: timedelta = LEARNED) -> None:
        """`risks`: classes of risk by the names of programs."""
        self._risks = risks
        self._learned = learned
        self._sessions: OrderedDict[tuple[str | None, str, str | None], _Recent] = OrderedDict()

    def judge(self, action: Action, profile: Profile, *, unasked_mode: bool = False) -> Iterator[Deviation]:
        """What is unusual about an action."""
        at = action.at or action.observed_at
        is_learned = profile.age(at) >= self._learned and profile.calls >= _LEAST_CALLS
        recent = self._recent(action)
        if is_learned and unasked_mode and not profile.first_bypass_at:
            yield Deviation(
                "first_bypass", str(action.mode), f"none of {profile.sessions} sessions before ran in that mode", action
            )
        if action.call_id is None:
            return
        if is_learned:
            yield from self._unlike(action, profile, recent, at)
            yield from _by_time(action, profile, at)
        yield from _in_session(action, recent, at)

    def _recent(self, action: Action) -> _Recent:
        key = action.owner, action.agent, action.session_id
        recent = self._sessions.setdefault(key, _Recent())
        self._sessions.move_to_end(key)
        if len(self._sessions) > _MOST_SESSIONS:
            self._sessions.popitem(last=False)
        return recent

    def _unlike(self, action: Action, profile: Profile, recent: _Recent, at: datetime) -> Iterator[Deviation]:
        """What the profile does not know."""
        days = profile.age(at).days
        server, tool = action.mcp_server, tool_of(action)
        if server and server not in profile.servers:
            recent.new_server, recent.new_server_at = server, at
            yield Deviation(
                "first_server", server, f"not called in {days} days; {len(profile.servers)} other servers were", action
            )
        unknown_tool = action.action == "mcp" and tool not in profile.tools
        if unknown_tool and _DESTRUCTIVE.search(action.mcp_tool or action.tool or ""):
            yield Deviation("destructive_tool", tool, f"not called in {days} days and {profile.calls} calls", action)
        known = {self._risks.get(program) for program in profile.programs}
        for program in action.programs:
            risk = self._risks.get(program)
            if risk and risk not in known:
                known.add(risk)
                why = f"no program for {risk.replace('_', ' ')} was started in {days} days and {profile.calls} calls"
                yield Deviation("risky_program", program, why, action)
                if recent.new_server_at and at - recent.new_server_at <= _SOON:
                    minutes = (at - recent.new_server_at).total_seconds() / 60
                    why = f"{minutes:.0f} minutes after the first call of the server {recent.new_server}"
                    yield Deviation("after_new_server", program, why, action)


def _by_time(action: Action, profile: Profile, at: datetime) -> Iterator[Deviation]:
    """Too many at once, or at an hour at which there never was one."""
    allowed = max(_LEAST_BURST, _BURST * profile.peak_before)
    if _same_window(profile, at) and profile.peak_now == allowed:
        why = f"{allowed + 1} calls within {PEAK_MINUTES} minutes; the most so far were {profile.peak_before}"
        yield Deviation("burst", action.session_id or "-", why, action)
    local = at.astimezone()
    around = sum(profile.hours[(local.hour + shift) % 24] for shift in (-1, 0, 1))
    if profile.calls >= _LEAST_FOR_HOURS and around == 0:
        why = f"none of {profile.calls} calls in {profile.age(at).days} days was within an hour of {local:%H} o'clock"
        yield Deviation("unusual_hour", f"{local:%H}:00", why, action)


def _same_window(profile: Profile, at: datetime) -> bool:
    return profile.peak_from is not None and at - profile.peak_from <= timedelta(minutes=PEAK_MINUTES)


def _in_session(action: Action, recent: _Recent, at: datetime) -> Iterator[Deviation]:
    """What follows on what went before."""
    tool = tool_of(action)
    failed = action.result in ("error", "denied")
    recent.failures = recent.failures + 1 if failed and tool == recent.failing else int(failed)
    recent.failing = tool if failed else ""
    if recent.failures == _LEAST_FAILURES:
        yield Deviation("failing_loop", tool, f"{_LEAST_FAILURES} calls in a row failed or were refused", action)
    if action.result == "ok" and action.decision != "user":
        refused = next((denied for denied in recent.denied if denied and _is_other_way(denied, action, at)), None)
        if refused:
            recent.denied.remove(refused)
            who = (refused.denied_by or "unknown").replace("_", " ")
            minutes = (at - (refused.at or at)).total_seconds() / 60
            why = f"{tool_of(refused)} was refused ({who}) {minutes:.0f} minutes before"
            yield Deviation("denied_then_otherwise", tool, why, action)
    recent.denied.append(action if action.result == "denied" else None)


def _is_other_way(refused: Action, action: Action, at: datetime) -> bool:
    """Whether an action does by another way what was refused in its session just before."""
    if refused.at is None or not timedelta(0) <= at - refused.at <= _SOON:
        return False
    if refused.action == "mcp":
        return (
            action.action == "mcp" and action.mcp_tool == refused.mcp_tool and action.mcp_server != refused.mcp_server
        )
    if refused.action in _OTHER_WAYS:
        return bool(_OTHER_WAYS[refused.action] & set(action.programs))
    wanted = set(refused.programs) - {"other"}
    return refused.action == "shell" and bool(wanted & set(action.programs)) and action.programs != refused.programs
