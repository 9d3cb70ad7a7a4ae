"""An edge: agent to server, or process to network peer."""

from typing import ClassVar, Literal, Self, TypedDict, Unpack

from pydantic import AwareDatetime

from agent.records.base import Record
from agent.records.tool_list import Effect

Purpose = Literal["model_provider", "mcp_remote", "local", "other"]
"""local: on this machine; other: egress of no known meaning."""
Exposure = Literal["loopback", "lan", "any"]
Relation = Literal["configured", "running", "serves", "connected", "reaches", "listening", "established"]


class ConnectionConclusions(TypedDict, total=False):
    """What is concluded of an edge, and what is counted of it."""

    host: str | None
    purpose: Purpose | None
    exposure: Exposure | None
    observed_at: AwareDatetime
    first_seen: AwareDatetime | None
    last_seen: AwareDatetime | None
    count: int | None


class Connection(Record):
    """`configured` and `running` join an agent to a server, `serves` a gateway to the servers behind it, `connected` a
    process to the definition whose URL it talks to, `reaches` a server to a class of effect that its tools seem to
    have; `listening` and `established` are TCP sockets."""

    kind: Literal["connection"] = "connection"
    relation: Relation
    """What the edge means."""
    from_id: str
    """Record id of the agent or instance the edge starts at."""
    to_id: str | None = None
    """Record id of the server or instance it ends at, when that is one of ours; of `reaches` it is `effect:` and the
    class."""
    effect: Effect | None = None
    """Of `reaches`: what tools of the server seem to do, inferred from their names, schemas and hints."""
    tools: tuple[str, ...] = ()
    """Of `reaches`: names of such tools, of many the first; those that the model may call unasked come first."""
    unasked: bool | None = None
    """Of `reaches`: whether the model may call one of them unasked; null where that is not known."""
    local: str | None = None
    """`address:port` of a listening socket; null for an established one, whose own port is fleeting."""
    remote: str | None = None
    """`address:port` of the peer."""
    host: str | None = None
    """Name of the peer as a configuration, the catalog or the local resolver knows it; null for a bare address."""
    purpose: Purpose | None = None
    """What an established connection is for; null where nobody looked."""
    exposure: Exposure | None = None
    """Who can reach a listening socket: this machine only, one of its networks, or every network it is in."""
    first_seen: AwareDatetime | None = None
    """UTC time at which the socket was first seen; null for an edge that is no socket."""
    last_seen: AwareDatetime | None = None
    """UTC time at which it was last seen."""
    count: int | None = None
    """Connections to this peer so far; several at a time count each."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("relation", "from_id", "to_id", "local", "remote")
    NOT_FACTS: ClassVar[frozenset[str]] = Record.NOT_FACTS | {"first_seen", "last_seen", "count"}

    def changed(self, **fields: Unpack[ConnectionConclusions]) -> Self:
        return self._changed(fields)
