"""Which tools servers offer, from what clients have written down of them: nothing is started, nobody is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from agent.records import Diagnostic, Evidence, McpServer, Record
from collectors.catalog.client import Client
from collectors.contract import Collector, Context, Observation, Scope
from collectors.sources.account import Home
from collectors.sources.filesystem.unreadable import UnreadableError
from collectors.sources.formats.documents import UnparseableError
from collectors.sources.limits import at_least, processor_seconds
from collectors.tools.files import ToolFile, meaning, takes_apart, tool_files
from collectors.tools.lists import Place, lists
from collectors.transcripts.mcp_names import defined_servers

if TYPE_CHECKING:
    from collectors.tools.read import Answer

NAME = "tools"

_MOST_TOOLS, _MOST_OF_ALL = 5_000, 10_000
"""Tools read of one account, and of all; where some have many, each has at least its equal share of these."""
_SECONDS = 2.0
"""Processor time for reading files of one account that changed; the others are read in the next looks."""
Problem = OSError | UnreadableError | UnparseableError
_Read = dict[tuple[object, ...], "list[Answer] | Problem"]
"""What was read of each file, by what it was then."""
_Told = dict[Scope, tuple[object, Observation]]
"""What was told of each scope, and from what."""


@dataclass(slots=True)
class _Budget:
    """What one look at the files of an account may take."""

    most: int
    until: float
    taken: int = 0

    def allows(self, known: bool) -> bool:
        """Whether there is something left for one more file; what was read before costs no time."""
        return self.left > 0 and (known or processor_seconds() < self.until)

    @property
    def left(self) -> int:
        return self.most - self.taken


class ToolCollector(Collector):
    """One scope an account and client. Caches are written at every start of a session: they are looked at now and then,
    and one that is as it was is not read again."""

    name = NAME
    settles = False

    def __init__(self) -> None:
        self._read: _Read = {}
        self._told: _Told = {}
        self._held: dict[str, int] = {}
        """How many tools each account had in the last look."""

    def collect(self, context: Context) -> Iterator[Observation]:
        before, self._read = self._read, {}
        told, self._told = self._told, {}
        share = _MOST_OF_ALL // max(1, len(context.homes))
        for home in context.homes:
            if not home.reachable:
                yield Observation(Scope(NAME, home.owner, home.path), unknown=True)
                continue
            others = sum(count for owner, count in self._held.items() if owner != home.owner)
            budget = _Budget(min(_MOST_TOOLS, max(share, _MOST_OF_ALL - others)), processor_seconds() + _SECONDS)
            bounded = replace(context, limits=context.limits._replace(until=budget.until))
            for client in context.catalog.clients.values():
                if client.tools:
                    yield self._look(bounded, home, client, before, told, budget)
            self._held[home.owner] = budget.taken

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

    def _look(
        self, context: Context, home: Home, client: Client, before: _Read, told: _Told, budget: _Budget
    ) -> Observation:
        scope = Scope(NAME, home.owner, f"{home.path}/<tools of {client.id}>")
        files, complete = tool_files(context, home, client)
        servers = defined_servers(context, home, client) if takes_apart(client) else {}
        left_out = 0
        places: list[tuple[Place, list[Answer]]] = []
        records: list[Record] = []
        for file in files:
            key = (
                home.owner,
                file.recent,
                id(file.part),
                tuple(servers.items()) if file.part.joined else None,
                context.descriptions,
            )
            if not budget.allows(key in before):
                left_out += 1
                continue
            found = self._read[key] = before[key] if key in before else _read(context, home, client, file, servers)
            if isinstance(found, list):
                budget.taken += sum(len(one.tools) for one in found)
                places.append((_place(context, file), found))
            elif not isinstance(found, FileNotFoundError):
                records.append(_diagnostic(context, home, client, file.recent.path, found))
        state = (tuple(f.recent for f in files), servers, complete, left_out, budget.left, context.descriptions)
        if scope not in told or told[scope][0] != state:
            records += lists(context, home, client, places, _MOST_TOOLS)
            if left_out:
                records.append(_left_out(context, home, client, left_out))
            told[scope] = state, Observation(scope, tuple(records), unknown=not complete or left_out > 0)
        self._told[scope] = told[scope]
        return told[scope][1]


def _read(
    context: Context, home: Home, client: Client, file: ToolFile, servers: Mapping[str, str]
) -> list[Answer] | Problem:
    from collectors.tools.read import read_tools

    try:
        return read_tools(context, home, file.recent.path, file.captures, file.part, meaning(client, servers))
    except (OSError, UnreadableError, UnparseableError) as error:
        return error


def _left_out(context: Context, home: Home, client: Client, count: int) -> Diagnostic:
    return Diagnostic(
        endpoint_id=context.endpoint_id,
        owner=home.owner,
        evidence=Evidence(collector=NAME, confidence="confirmed"),
        severity="error",
        code="budget.tools",
        message=f"at least {at_least(count)} files with lists of tools were left out: "
        f"of one account a look takes at most {_SECONDS:g} seconds of the processor and {_MOST_TOOLS} tools",
        path=home.path,
        agent=client.id,
    )


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
