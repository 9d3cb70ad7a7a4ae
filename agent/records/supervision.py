"""How an agent was supervised, as its actions show: what no configuration can say."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from agent.records.action import Decision, Result
from agent.records.base import Part, Record


class ModeSeen(Part):
    """One permission mode that sessions really ran with."""

    mode: str
    """In the client's own word; `unknown` for one that Rollcall does not know."""
    sessions: int
    """How many sessions ran with it."""
    last_at: AwareDatetime
    """When one last did."""
    last_session: str
    """The client's id of that session."""


class DeviationSeen(Part):
    """Something unusual, with the numbers that made it so."""

    kind: str
    """What is unusual about it, such as `first_server` or `failing_loop`."""
    subject: str
    """The server, tool, program, mode or hour that it is about."""
    why: str
    """The numbers."""
    at: AwareDatetime
    """When it happened, by the client's clock."""
    session_id: str | None = None
    """The session that it happened in."""


class Supervision(Record):
    """What one agent did in one project, added up: how much of it nobody was asked about, and what was unusual."""

    kind: Literal["supervision"] = "supervision"
    agent: str
    """Catalog id of the client."""
    project: str | None = None
    """Folder of the project; null for what was done outside of projects."""
    since: AwareDatetime
    """When the first action was."""
    sessions: int
    """How many sessions there were."""
    calls: int
    """How many calls there were."""
    decisions: dict[Decision, int] = Field(default_factory=dict)
    """How many calls were decided in each way."""
    results: dict[Result, int] = Field(default_factory=dict)
    """How many calls ended in each way."""
    unasked: float | None = None
    """Share of the calls that nobody was asked about, of those whose decision the client tells; null where it tells of
    none."""
    modes: tuple[ModeSeen, ...] = ()
    """Every permission mode that sessions ran with, the one used most first."""
    first_bypass: str | None = None
    """The first session in which the client asked nobody at all."""
    first_bypass_at: AwareDatetime | None = None
    """When that was."""
    servers_called: tuple[str, ...] = ()
    """MCP servers that were called."""
    servers_not_called: tuple[str, ...] = ()
    """MCP servers that are defined for the agent and were never called here."""
    servers_not_defined: tuple[str, ...] = ()
    """MCP servers that were called and are not defined for the agent now."""
    programs: tuple[str, ...] = ()
    """Known programs that it started in a shell, the one used most first."""
    hosts: tuple[str, ...] = ()
    """Hosts that its processes connected to: by name where one is known, else by address. `(others)` stands for those
    beyond the first 200."""
    deviations: tuple[DeviationSeen, ...] = ()
    """What was unusual in the last days."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("owner", "agent", "project")
