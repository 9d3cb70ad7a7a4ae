"""What one agent did, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from agent.records.action import Action


@dataclass(slots=True)
class Activity:
    """Of one agent of one owner; permission changes and the ends of sessions are no calls."""

    agent: str
    owner: str | None
    calls: int = 0
    unasked: int = 0
    denied: int = 0
    failed: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    servers: Counter[str] = field(default_factory=Counter)
    sessions: set[str] = field(default_factory=set)
    last: datetime | None = None

    def add(self, action: Action) -> None:
        if action.session_id:
            self.sessions.add(action.session_id)
        self.last = max(filter(None, (self.last, action.at)), default=None)
        if action.call_id is None:
            return
        self.calls += 1
        self.unasked += action.decision == "auto"
        self.denied += "denied" in (action.decision, action.result)
        self.failed += action.result == "error"
        self.kinds[action.action] += 1
        if action.mcp_server:
            self.servers[action.mcp_server] += 1


def activities(actions: Iterable[Action]) -> list[Activity]:
    """One an agent and owner, the busiest first."""
    found: dict[tuple[str | None, str], Activity] = {}
    for action in actions:
        found.setdefault((action.owner, action.agent), Activity(action.agent, action.owner)).add(action)
    return sorted(found.values(), key=lambda a: -a.calls)
