"""What there is to know of a call: what one entry says of it, and what all of them together say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agent.records.action import ActionKind, Decision, DeniedBy, Result


@dataclass(kw_only=True)
class CallFacts:
    """Names, times and outcomes; None where nobody says."""

    tool: str | None = None
    inner_tool: str | None = None
    namespace: str | None = None
    server: str | None = None
    mcp_tool: str | None = None
    programs: tuple[str, ...] = ()
    asked_at: datetime | None = None
    answered_at: datetime | None = None
    duration_ms: int | None = None
    model: str | None = None
    mode: str | None = None
    decision: Decision | None = None
    denied_by: DeniedBy | None = None
    result: Result | None = None
    action: ActionKind | None = None
    ran: bool = False
    interrupted: bool = False
