"""What an agent did: one event of a session, never its content."""

from typing import ClassVar, Literal, Self, TypeVar

from pydantic import AwareDatetime, Field

from agent.records.base import Record, record_id

ActionKind = Literal[
    "session_start",
    "session_end",
    "tool",
    "shell",
    "file_read",
    "file_write",
    "web",
    "mcp",
    "subagent",
    "permission",
]
Decision = Literal["user", "rule", "auto", "denied", "unknown"]
DeniedBy = Literal["user", "rule", "mode", "nobody_to_ask", "sandbox", "unknown"]
Resolved = Literal["definition", "name", "ambiguous"]
ToldBy = Literal["transcript", "telemetry"]
Result = Literal["ok", "error", "denied", "cancelled", "unknown"]


class Action(Record):
    """One thing that an agent did or was refused, from its client's own notes: names, times and outcomes only."""

    kind: Literal["action"] = "action"
    agent: str
    """Catalog id of the client."""
    action: ActionKind
    """What it did. session_start, session_end and permission (another mode) befall a session and are no calls."""
    told_by: tuple[ToldBy, ...] = ("transcript",)
    """Which notes of the client tell of it: its transcripts, the telemetry that it sends, or both."""
    session_id: str | None = None
    """The client's own id of the session."""
    call_id: str | None = None
    """The client's own id of the call: the same in every copy of a session."""
    at: AwareDatetime | None = None
    """When it was asked for, by the client's clock."""
    duration_ms: int | None = None
    """As the client tells it; with some it includes the wait for an approval."""
    parent_session: str | None = None
    """The session that started this one as its subagent."""
    client_version: str | None = None
    """As the session's own lines say."""
    project: str | None = None
    """Folder of the project that the session works in; null outside of projects."""
    model: str | None = None
    """Name of the model that asked for it."""
    provider: str | None = None
    """Who serves the model, in the client's own word."""
    mode: str | None = None
    """The permission mode in force, in the client's own word."""
    tool: str | None = None
    """The tool, as the model named it."""
    inner_tool: str | None = None
    """What a bridge tool was asked for."""
    mcp_server: str | None = None
    """The name of the definition that it means."""
    mcp_tool: str | None = None
    """The tool, as that server names it."""
    server_resolved: Resolved | None = None
    """How the server's name is known. definition: a configured server of exactly one name fits. name: the client says
    so and no definition is known. ambiguous: several fit, or the client does not say, and so none is named."""
    decision: Decision = "unknown"
    """user: somebody was asked and agreed. rule: a rule that somebody made allowed it. auto: nobody was asked. denied:
    it was refused. unknown: the client does not say."""
    denied_by: DeniedBy | None = None
    """Who or what refused it. nobody_to_ask: it ran without a person who could be asked."""
    result: Result = "unknown"
    """How it ended; `ok` says that the tool came back without an error."""
    programs: tuple[str, ...] = ()
    """Of a shell action: known programs that its command starts, beside them `npm publish` and the like; `other` for
    those that are not known."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("owner", "agent", "key")

    @property
    def key(self) -> tuple[str | None, ...]:
        """What tells two events apart; a call is the same whichever session repeats it."""
        if self.call_id:
            return (self.call_id,)
        return self.action, self.session_id, self.at.isoformat() if self.at else None, self.mode

    def model_post_init(self, context: object) -> None:
        # Unlike other records it is not kept, and there may be very many: what saves room only takes time.
        if not self.id:
            object.__setattr__(self, "id", record_id(self.kind, self.endpoint_id, self.owner, self.agent, self.key))


class ActionCount(Record):
    """How many actions of one agent and owner there were in an hour, where each alone is not told."""

    kind: Literal["action_count"] = "action_count"
    agent: str
    """Catalog id of the client."""
    hour: AwareDatetime
    """When the hour began."""
    actions: dict[ActionKind, int] = Field(default_factory=dict)
    """How many there were of each kind."""
    decisions: dict[Decision, int] = Field(default_factory=dict)
    """How many were decided in each way."""
    results: dict[Result, int] = Field(default_factory=dict)
    """How many ended in each way."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("owner", "agent", "hour")

    def plus(self, action: Action) -> Self:
        """With one more."""
        return self._changed(
            {
                "actions": _one_more(self.actions, action.action),
                "decisions": _one_more(self.decisions, action.decision),
                "results": _one_more(self.results, action.result),
            }
        )


K = TypeVar("K", bound=str)


def _one_more(counts: dict[K, int], key: K) -> dict[K, int]:
    return {**counts, key: counts.get(key, 0) + 1}
