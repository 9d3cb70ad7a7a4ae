"""One running process tree of an agent or of an MCP server."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from agent.records.base import Record


class Instance(Record):
    """A process tree; its identity is the topmost process id together with that process' start time."""

    kind: Literal["instance"] = "instance"
    subject: Literal["agent", "mcp_server"]
    agent: str | None = None
    """Catalog id: of the agent itself, or of the agent that started the server."""
    name: str
    server_ids: tuple[str, ...] = ()
    """Definitions this server process was joined to; empty means that no config declares it."""
    package: str | None = None
    pid: int
    """The topmost process of the tree."""
    pids: tuple[int, ...] = ()
    """All processes of the tree that were recognised as this instance."""
    started_at: AwareDatetime
    parent_id: str | None = None
    """Instance id of the agent it runs under."""
    uid: int | None = None
    exe: str | None = None
    args: tuple[str, ...] = ()
    """Redacted argv without argv[0]."""
    cwd: str | None = None

    IDENTITY: ClassVar[tuple[str, ...]] = ("pid", "started_at")
