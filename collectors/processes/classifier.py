"""What a process is: an agent of the catalog, an MCP server, or of no interest."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import NamedTuple

from agent.records import McpServer
from agent.records.ai_agent import ClientKey
from collectors.contract import Context
from collectors.launch.program_name import base_name
from collectors.processes.command import program_of
from collectors.processes.package import Programs
from collectors.processes.server_scripts import ServerScripts, scripts
from collectors.processes.signatures import AgentSignatures, Definitions, is_server_program, looks_like_server
from collectors.sources.process.row import ProcessRow


class Judged(NamedTuple):
    """One process and what it was recognised as."""

    row: ProcessRow
    agent: str | None = None
    """Catalog id."""
    servers: tuple[McpServer, ...] = ()
    """Definitions it may be an instance of."""
    package: str | None = None
    serves: bool = False
    """Its script imports what only an MCP server needs."""
    impersonates: str | None = None
    """Catalog id of the agent it calls itself without being its program."""

    @property
    def is_server(self) -> bool:
        return self.agent is None and (bool(self.servers) or self.names_itself_server)

    @property
    def names_itself_server(self) -> bool:
        """By its package, its executable or its script, whatever is defined."""
        return self.serves or looks_like_server(self.package) or is_server_program(self.row.exe)

    @property
    def interesting(self) -> bool:
        return self.agent is not None or self.is_server

    def same_program(self, other: Judged) -> bool:
        """Whether both are the same agent, or share a package or a definition."""
        if self.agent or other.agent:
            return self.agent == other.agent
        if not (self.is_server and other.is_server):
            return False
        shared = {server.id for server in self.servers} & {server.id for server in other.servers}
        if shared or (self.package is not None and self.package == other.package):
            return True
        if self.serves and other.serves:
            return scripts(self.row) == scripts(other.row)
        return is_server_program(self.row.exe) and self.row.exe == other.row.exe


class Classifier:
    """Recognises processes with the definitions known at one time; for `present` see `AgentSignatures`."""

    def __init__(self, context: Context, servers: Iterable[McpServer], present: Set[ClientKey] = frozenset()) -> None:
        self._programs = Programs(context.files)
        self._agents = AgentSignatures(context.catalog, context.files, present)
        self._definitions = Definitions(servers, context.files)
        self._scripts = ServerScripts(context.files)

    def __call__(self, row: ProcessRow) -> Judged:
        package = self._programs.package(row)
        agent = self._agents.match(row, package)
        servers = () if agent else tuple(self._definitions.match(row, package))
        serves = not agent and not servers and self._scripts.serves(row)
        judged = Judged(row, agent, servers, package, serves, None if agent else self._agents.impersonates(row))
        if judged.interesting or judged.impersonates:
            return judged
        # Ten thousand command lines that are of no interest need not be kept; the program's name is told of children.
        return Judged(row._replace(argv=(), cwd=None, exe=None, name=base_name(program_of(row))[:64]))
