"""One running process tree of an agent or of an MCP server."""

from typing import ClassVar, Literal, Self, Unpack

from pydantic import AwareDatetime

from agent.records.base import AccountableBy, Attributed, Part, Record


class Children(Part):
    """A program that an agent's processes started."""

    program: str
    """Name of the program, without its folder."""
    at_least: int
    """How often, rounded down to a power of two: a busy agent is no news each time it runs a shell."""


class InstanceConclusions(Attributed, total=False):
    """What is concluded of a process tree."""

    server_ids: tuple[str, ...]


class Instance(Record):
    """A process tree; its identity is the topmost process id together with that process' start time."""

    kind: Literal["instance"] = "instance"
    subject: Literal["agent", "mcp_server"]
    """Whether an agent or an MCP server runs."""
    agent: str | None = None
    """Catalog id: of the agent itself, or of the agent that started the server."""
    name: str
    """The agent's catalog id; the server's name where it was joined to a definition, else its package or program."""
    server_ids: tuple[str, ...] = ()
    """Definitions this server process was joined to; empty means that no config declares it."""
    package: str | None = None
    """Package URL (purl) of what runs; null where it is none."""
    pid: int
    """The topmost process of the tree."""
    pids: tuple[int, ...] = ()
    """All processes of the tree that were recognised as this instance."""
    started_at: AwareDatetime
    """UTC time at which the topmost process started."""
    parent_id: str | None = None
    """Instance id of the agent it runs under."""
    server_instance_id: str | None = None
    """Instance id of the defined MCP server that started it, as a gateway or a script does."""
    uid: int | None = None
    """Real user id."""
    euid: int | None = None
    """Effective user id."""
    login_uid: int | None = None
    """The account that logged in, also after sudo; null for what no login started."""
    session: int | None = None
    """The kernel's audit session."""
    container: str | None = None
    """Container id, or `pid-namespace:<number>` for a process in another namespace without one."""
    exe: str | None = None
    """Path of the executable; null where it may not be read."""
    args: tuple[str, ...] = ()
    """Redacted argv without argv[0]; of an agent only what the catalog lists, for the rest may be a prompt."""
    args_withheld: int = 0
    """How many further arguments there are."""
    bypass_flags: tuple[str, ...] = ()
    """Arguments that switch approvals or the sandbox off."""
    cwd: str | None = None
    """Its working directory; null where it may not be read."""
    project: str | None = None
    """The repository the working directory lies in, or the directory itself."""
    children: tuple[Children, ...] = ()
    """Other programs that its processes started since it was first seen."""
    accountable: str | None = None
    """The person who answers for it; null where nobody is known to."""
    accountable_by: AccountableBy | None = None
    """How that person is known; null where nobody is."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("pid", "started_at")

    def changed(self, **fields: Unpack[InstanceConclusions]) -> Self:
        return self._changed(fields)
