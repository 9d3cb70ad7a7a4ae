"""Servers by their names: who is called the same, almost the same, or the same to a model that calls their tools."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from agent.governance.supply_chain.confusables import LookAlikes
from agent.governance.supply_chain.server_policy import identity, in_use
from agent.records import McpServer

_MOST_OF_A_NAME = 64
"""Servers of one name that are looked at: somebody may define thousands."""
_MOST_ALIKE = 16
_SHORTEST = 5
_NOT_IN_TOOLS = re.compile(r"[^A-Za-z0-9]")
_DIGITS = re.compile(r"\d+")


class NameCollisions:
    """All definitions in use, looked up by name; each look takes a bounded time."""

    def __init__(self, servers: Iterable[McpServer]) -> None:
        self._servers: dict[str | None, list[McpServer]] = {}
        self._set: dict[str, list[McpServer]] = {}
        self._accounts: dict[str | None, _Names] = {}
        for server in servers:
            if in_use(server):
                self._servers.setdefault(server.owner, []).append(server)
                if server.scope == "managed":
                    _put(self._set.setdefault(server.name, []), server)

    def of_name(self, server: McpServer) -> Iterator[McpServer]:
        """Servers of the same name in other clients of the same account, where both apply."""
        for other in self._of_account(server).by_name.get(server.name, ()):
            if other.agent != server.agent and _meet(server, other):
                yield other

    def managed(self, name: str) -> Iterator[McpServer]:
        """Servers of a name, of whichever account, that an administrator set."""
        yield from self._set.get(name, ())

    def of_tools(self, server: McpServer) -> Iterator[McpServer]:
        """Servers of the same client with other names whose tools a model cannot tell from this one's."""
        for other in self._of_account(server).by_tools.get((server.agent, _in_tools(server.name)), ()):
            if other.name != server.name and _meet(server, other):
                yield other

    def confusables(self, server: McpServer) -> Iterator[McpServer]:
        """Servers of the same client with a name almost like this one's."""
        names, tools = self._of_account(server), _in_tools(server.name)
        for word in names.near(server.agent, _word(server.name)):
            for other in names.by_word[server.agent][word]:
                if _meet(server, other) and _in_tools(other.name) != tools:
                    yield other

    def _of_account(self, server: McpServer) -> _Names:
        """Put in order when somebody asks: most accounts are as they were."""
        if server.owner not in self._accounts:
            self._accounts[server.owner] = _Names(self._servers.get(server.owner, ()))
        return self._accounts[server.owner]


class _Names:
    """The definitions of one account by what they are called."""

    def __init__(self, servers: Iterable[McpServer]) -> None:
        self._words: dict[str, LookAlikes] = {}
        self._neighbours: dict[tuple[str, str], tuple[str, ...]] = {}
        self.by_name: dict[str, list[McpServer]] = {}
        self.by_tools: dict[tuple[str, str], list[McpServer]] = {}
        self.by_word: dict[str, dict[str, list[McpServer]]] = {}
        for server in servers:
            _put(self.by_name.setdefault(server.name, []), server)
            _put(self.by_tools.setdefault((server.agent, _in_tools(server.name)), []), server, _MOST_ALIKE)
            words = self.by_word.setdefault(server.agent, {})
            _put(words.setdefault(_word(server.name), []), server, _MOST_ALIKE)

    def near(self, agent: str, word: str) -> tuple[str, ...]:
        """Names of this client's servers that are easily taken for this one, without their numbers."""
        known = self._neighbours.get((agent, word))
        if known is None:
            if agent not in self._words:
                self._words[agent] = LookAlikes(self.by_word.get(agent, ()), _SHORTEST)
            self._neighbours[agent, word] = known = tuple(self._words[agent].like(word))
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
