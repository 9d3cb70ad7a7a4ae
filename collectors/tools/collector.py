"""Which tools servers offer, from what clients have written down of them: nothing is started, nobody is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from agent.records import Diagnostic, Evidence, McpServer, Record, ToolList
from collectors.catalog.client import Client
from collectors.contract import Collector, Context, Observation, Scope
from collectors.sources.account import Home
from collectors.sources.filesystem.unreadable import UnreadableError
from collectors.sources.formats.documents import UnparseableError
from collectors.tools.files import ToolFile, meaning, servers_of, takes_apart, tool_files
from collectors.tools.lists import Place, lists

if TYPE_CHECKING:
    from collectors.tools.read import Answer

NAME = "tools"

_MOST_TOOLS = 20_000
"""Tools of one account."""
Problem = OSError | UnreadableError | UnparseableError
_Read = dict[tuple[object, ...], "list[Answer] | Problem"]
"""What was read of each file, by what it was then."""
_Told = dict[Scope, tuple[object, Observation]]
"""What was told of each scope, and from what."""


class ToolCollector(Collector):
    """One scope an account and client. Caches are written at every start of a session: they are looked at now and then,
    and one that is as it was is not read again."""

    name = NAME
    settles = False

    def __init__(self) -> None:
        self._read: _Read = {}
        self._told: _Told = {}

    def collect(self, context: Context) -> Iterator[Observation]:
        before, self._read = self._read, {}
        told, self._told = self._told, {}
        for home in context.homes:
            if not home.reachable:
                yield Observation(Scope(NAME, home.owner, home.path), unknown=True)
                continue
            left = _MOST_TOOLS
            for client in context.catalog.clients.values():
                if client.tools:
                    seen = self._look(context, home, client, before, told, left)
                    left -= sum(len(one.tools) for one in seen.records if isinstance(one, ToolList))
                    yield seen

    def refresh(self, context: Context, scopes: Iterable[Scope]) -> Iterator[Observation]:
        return self.collect(context)

    def poll(self, context: Context) -> Iterator[Observation]:
        return self.collect(context)

    def depends_on(self, context: Context) -> object:
        """Names of tools are taken apart by the names of the servers that are defined."""
        wanted = {client.id for client in context.catalog.clients.values() if takes_apart(client)}
        return frozenset(
            (server.owner, server.agent, server.name)
            for server in cast(Iterable[McpServer], context.view.records("mcp_server"))
            if server.agent in wanted
        )

    def _look(self, context: Context, home: Home, client: Client, before: _Read, told: _Told, left: int) -> Observation:
        scope = Scope(NAME, home.owner, f"{home.path}/<tools of {client.id}>")
        files, complete = tool_files(context, home, client)
        servers = servers_of(context, home, client) if takes_apart(client) else frozenset[str]()
        state = (tuple(file.recent for file in files), servers, complete, left, context.descriptions)
        places: list[tuple[Place, list[Answer]]] = []
        records: list[Record] = []
        for file in files:
            key = home.owner, file.recent, id(file.part), servers if file.part.joined else None, context.descriptions
            found = self._read[key] = before[key] if key in before else _read(context, home, client, file, servers)
            if isinstance(found, list):
                places.append((_place(context, file), found))
            elif not isinstance(found, FileNotFoundError):
                records.append(_diagnostic(context, home, client, file.recent.path, found))
        if scope not in told or told[scope][0] != state:
            records += lists(context, home, client, places, left)
            told[scope] = state, Observation(scope, tuple(records), unknown=not complete)
        self._told[scope] = told[scope]
        return told[scope][1]


def _read(
    context: Context, home: Home, client: Client, file: ToolFile, servers: frozenset[str]
) -> list[Answer] | Problem:
    from collectors.tools.read import read_tools

    try:
        return read_tools(context, home, file.recent.path, file.captures, file.part, meaning(client, servers))
    except (OSError, UnreadableError, UnparseableError) as error:
        return error


def _place(context: Context, file: ToolFile) -> Place:
    written = datetime.fromtimestamp(min(file.recent.modified / 1e9, datetime.now(UTC).timestamp()), UTC)
    return Place(context.files.shown(file.recent.path), file.part, written)


def _diagnostic(context: Context, home: Home, client: Client, path: str, error: Problem) -> Diagnostic:
    return Diagnostic(
        endpoint_id=context.endpoint_id,
        owner=home.owner,
        evidence=Evidence(collector=NAME, source=context.files.shown(path), confidence="confirmed"),
        code=f"tools.{getattr(error, 'code', None) or 'file.unreadable'}",
        message="the tools in this file could not be read",
        path=context.files.shown(path),
        agent=client.id,
    )
