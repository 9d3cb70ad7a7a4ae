"""Which definition of a server's name is in force where: what one client reads from several scopes, resolved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent.records import McpServer
from collectors.catalog.schema import Catalog, Client


def resolve(servers: Iterable[McpServer], catalog: Catalog) -> Iterator[McpServer]:
    """The definitions with `shadowed_by` and `effective` filled in by the client's own order of precedence."""
    by_agent: dict[str, list[McpServer]] = {}
    for server in servers:
        by_agent.setdefault(server.agent, []).append(server)
    for agent, own in by_agent.items():
        client = catalog.clients.get(agent)
        yield from _resolved(own, client) if client else own


def _resolved(servers: list[McpServer], client: Client) -> Iterator[McpServer]:
    ranks: dict[str, int] = {scope: rank for rank, scope in enumerate(client.precedence)}
    managed = [server for server in servers if server.scope == "managed"] if client.exclusive else []
    by_name: dict[str, list[McpServer]] = {}
    for server in servers:
        by_name.setdefault(server.name, []).append(server)
    for server in servers:
        if managed and server.scope != "managed":
            winners, everywhere = managed, True
        else:
            winners = [other for other in by_name[server.name] if _wins(other, server, ranks)]
            everywhere = any(other.project in (None, server.project) for other in winners)
        yield server.model_copy(
            update={
                "shadowed_by": tuple(sorted(winner.id for winner in winners)),
                "effective": server.enabled and not everywhere,
            }
        )


def _wins(other: McpServer, server: McpServer, ranks: dict[str, int]) -> bool:
    """Whether `other` stands before `server` in some place where both apply. A scope that the client's order does not
    name keeps its servers under names of their own."""
    if other.scope not in ranks or server.scope not in ranks or ranks[other.scope] >= ranks[server.scope]:
        return False
    same_owner = other.owner in (None, server.owner)
    return same_owner and (other.project is None or server.project in (None, other.project))
