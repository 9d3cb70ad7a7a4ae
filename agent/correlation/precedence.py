"""Which definition of a server's name is in force where: what one client reads from several scopes, resolved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from agent.records import McpServer
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from collectors.catalog.client import Client


def resolve(
    servers: Iterable[McpServer], catalog: Catalog, memo: DerivationCache, refused: frozenset[str] = frozenset()
) -> Iterator[McpServer]:
    """The definitions with `shadowed_by` and `effective` filled in by the client's own order of precedence.

    `refused` are ids of those that may not start and do not.
    """
    by_agent: dict[str, list[McpServer]] = {}
    for server in servers:
        by_agent.setdefault(server.agent, []).append(server)
    for agent, own in by_agent.items():
        client = catalog.clients.get(agent)
        out = frozenset(server.id for server in own if server.id in refused or not server.loaded)
        judge = partial(_resolved, own, client, out) if client else None
        yield from memo.get(("resolved", agent, out), tuple(own), judge) if judge else own


def _resolved(servers: list[McpServer], client: Client, out: frozenset[str]) -> list[McpServer]:
    """`out`: definitions that their client leaves out before it compares any."""
    ranks: dict[str, int] = {scope: rank for rank, scope in enumerate(client.precedence)}
    managed = [server for server in servers if server.scope == "managed"] if client.exclusive else []
    rivals: dict[tuple[str, str | None], list[McpServer]] = {}
    for server in servers:
        rivals.setdefault((server.name, server.owner), []).append(server)
    resolved = []
    for server in servers:
        only = [other for other in managed if other.owner in (None, server.owner)]
        if only and server.scope != "managed":
            winners, everywhere = only, True
        else:
            others = rivals[server.name, server.owner]
            others = others if server.owner is None else [*others, *rivals.get((server.name, None), ())]
            winners = [other for other in others if other.id not in out and _wins(other, server, ranks)]
            everywhere = any(other.project in (None, server.project) for other in winners)
        shadowed_by = tuple(sorted(winner.id for winner in winners))
        effective = server.enabled and server.id not in out and not everywhere
        resolved.append(server.changed(shadowed_by=shadowed_by, effective=effective))
    return resolved


def _wins(other: McpServer, server: McpServer, ranks: dict[str, int]) -> bool:
    """Whether `other` stands before `server` in some place where both apply. A scope that the client's order does not
    name keeps its servers under names of their own."""
    if other.scope not in ranks or server.scope not in ranks or ranks[other.scope] >= ranks[server.scope]:
        return False
    return other.project is None or server.project in (None, other.project)
