"""An edge: agent to server, or process to network peer."""

from typing import ClassVar, Literal

from agent.records.base import Record


class Connection(Record):
    """`configured` and `running` join an agent to a server, `serves` a gateway to the servers behind it; `listening` and
    `established` are TCP sockets."""

    kind: Literal["connection"] = "connection"
    relation: Literal["configured", "running", "serves", "listening", "established"]
    from_id: str
    """Record id of the agent or instance the edge starts at."""
    to_id: str | None = None
    """Record id of the server or instance it ends at, when that is one of ours."""
    local: str | None = None
    """`address:port` of a listening socket; null for an established one, whose own port is fleeting."""
    remote: str | None = None
    """`address:port` of the peer."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("relation", "from_id", "to_id", "local", "remote")
