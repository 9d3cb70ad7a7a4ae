"""An AI agent: a product installed, configured or running for an owner."""

from typing import ClassVar, Literal, Self, Unpack

from agent.records.base import AccountableBy, Attributed, Record
from agent.records.policy import OrganisationRole

Sanction = Literal["sanctioned", "tolerated", "unsanctioned", "unknown"]
"""What the organisation decided; unknown: nothing."""
ClientKey = tuple[str | None, str]
"""One client of one account: the account, null for the machine, and the catalog id."""


class AgentConclusions(Attributed, total=False):
    """What is concluded of an agent."""

    servers: int
    running: bool
    sanction: Sanction
    in_scope: bool
    role: OrganisationRole | None


class AiAgent(Record):
    """One catalog client for one owner."""

    kind: Literal["ai_agent"] = "ai_agent"
    agent: str
    """Catalog id, such as `claude-code`."""
    name: str
    """Name of the product, for people."""
    vendor: str
    """Who makes it."""
    agent_kind: str
    """cli, ide, desktop, extension, gateway, runtime or framework."""
    version: str | None = None
    """As its installation says; null where none was seen."""
    installed: bool = False
    """True when install evidence (a binary, a package, an extension folder) was seen, not only a config file."""
    paths: tuple[str, ...] = ()
    """Where it was seen: install evidence and configuration files, sorted."""
    servers: int = 0
    """MCP server definitions it holds for this owner, all scopes."""
    running: bool = False
    """True while a process of it runs for this owner."""
    accountable: str | None = None
    """The person who answers for it; null where nobody is known to."""
    accountable_by: AccountableBy | None = None
    """How that person is known; null where nobody is."""
    sanction: Sanction = "unknown"
    """What the organisation's policy says of it; `unknown` where it says nothing."""
    in_scope: bool = True
    """Whether it is within the scope of the organisation's AI management; so is what no policy takes out."""
    role: OrganisationRole | None = None
    """The organisation's role for it; null where no policy says."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("owner", "agent")

    def changed(self, **fields: Unpack[AgentConclusions]) -> Self:
        return self._changed(fields)
