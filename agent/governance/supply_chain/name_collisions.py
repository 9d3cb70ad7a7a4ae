"""Servers by their names: who is called the same, almost the same, or the same to a model that calls their tools."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from agent.governance.supply_chain.confusables import LookAlikes
from agent.governance.supply_chain.server_policy import identity, in_use
from agent.records import McpServer
from agent.records.ai_agent import ClientKey

_MOST_OF_A_NAME = 64
"""Servers of one name that are looked at: somebody may define thousands."""
_MOST_ALIKE = 16
_SHORTEST = 5
_NOT_IN_TOOLS = re.compile(r"[^A-Za-z0-9]")
_DIGITS = re.compile(r"\d+")


class NameCollisions:
    """All definitions in use, looked up by name; each look takes a bounded time."""

    def __init__(self, servers: Iterable[McpServer]) -> None:
        self._servers = [server for server in servers if in_use(server)]
        self._words: dict[ClientKey, LookAlikes] = {}
        self._neighbours: dict[tuple[ClientKey, str], tuple[str, ...]] = {}

    def of_name(self, server: McpServer) -> Iterator[McpServer]:
        """Servers of the same name in other clients of the same account, where both apply."""
        for other in self._by_name.get((server.owner, server.name), ()):
            if other.agent != server.agent and _meet(server, other):
                yield other

    def managed(self, name: str) -> Iterator[McpServer]:
        """Servers of a name, of whichever account, that an administrator set."""
        yield from self._managed.get(name, ())

    def of_tools(self, server: McpServer) -> Iterator[McpServer]:
        """Servers of the same client with other names whose tools a model cannot tell from this one's."""
        for other in self._by_tools.get((server.owner, server.agent, _in_tools(server.name)), ()):
            if other.name != server.name and _meet(server, other):
                yield other

    def confusables(self, server: McpServer) -> Iterator[McpServer]:
        """Servers of the same client with a name almost like this one's."""
        client, tools = (server.owner, server.agent), _in_tools(server.name)
        for word in self._near(client, _word(server.name)):
            for other in self._by_word[client][word]:
                if _meet(server, other) and _in_tools(other.name) != tools:
                    yield other

    @cached_property
    def _by_name(self) -> dict[tuple[str | None, str], list[McpServer]]:
        found: dict[tuple[str | None, str], list[McpServer]] = {}
        for server in self._servers:
            _put(found.setdefault((server.owner, server.name), []), server)
        return found

    @cached_property
    def _managed(self) -> dict[str, list[McpServer]]:
        found: dict[str, list[McpServer]] = {}
        for server in self._servers:
            if server.scope == "managed":
                _put(found.setdefault(server.name, []), server)
        return found

    @cached_property
    def _by_tools(self) -> dict[tuple[str | None, str, str], list[McpServer]]:
        found: dict[tuple[str | None, str, str], list[McpServer]] = {}
        for server in self._servers:
            _put(found.setdefault((server.owner, server.agent, _in_tools(server.name)), []), server, _MOST_ALIKE)
        return found

    @cached_property
    def _by_word(self) -> dict[ClientKey, dict[str, list[McpServer]]]:
        found: dict[ClientKey, dict[str, list[McpServer]]] = {}
        for server in self._servers:
            words = found.setdefault((server.owner, server.agent), {})
            _put(words.setdefault(_word(server.name), []), server, _MOST_ALIKE)
        return found

    def _near(self, client: ClientKey, word: str) -> tuple[str, ...]:
        known = self._neighbours.get((client, word))
        if known is None:
            if client not in self._words:
                self._words[client] = LookAlikes(self._by_word.get(client, ()), _SHORTEST)
            self._neighbours[client, word] = known = tuple(self._words[client].like(word))
        return known


def different(one: McpServer, other: McpServer) -> bool:
    """Whether two definitions stand for two servers, not for one that is started in two ways."""
    return one.launch_hash != other.launch_hash and identity(one) != identity(other)


def _put(servers: list[McpServer], server: McpServer, most: int = _MOST_OF_A_NAME) -> None:
    if len(servers) < most:
        servers.append(server)


def _meet(one: McpServer, other: McpServer) -> bool:
    """Whether there is a place where both apply."""
    return one.project == other.project or None in (one.project, other.project)


def _word(name: str) -> str:
    """A name without its numbers: `db1` and `db2` are a series, not an imitation of one another."""
    return _DIGITS.sub("", name)


def _in_tools(name: str) -> str:
    """A server's name as clients write it into the names of its tools: `a-b` and `a.b` both become `a_b`."""
    return _NOT_IN_TOOLS.sub("_", name)
