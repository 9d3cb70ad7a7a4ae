"""Servers that a file other than the one that defines them switches off: a list of names, a plug-in's state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from agent.correlation.server_rules import matches
from agent.records import McpServer, Posture
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog

_ORDER = ("managed", "local", "project", "user")


def switched(
    servers: Iterable[McpServer], configured: Iterable[Posture], catalog: Catalog, memo: DerivationCache
) -> Iterator[McpServer]:
    """The definitions, with `enabled` false where their client's settings say so everywhere they would apply."""
    layers: dict[str, list[Posture]] = {}
    for posture in configured:
        if any(rule.effect in ("on", "off") for rule in posture.servers):
            layers.setdefault(posture.agent, []).append(posture)
    for server in servers:
        near = [p for p in layers.get(server.agent, ()) if p.owner in (server.owner, None)]
        if not near:
            yield server
            continue
        client = catalog.clients.get(server.agent)
        order = client.permissions.order if client and client.permissions else _ORDER
        yield memo.get(("switched", server.id), (server, *near), partial(_switched, server, near, order))


def _switched(server: McpServer, layers: list[Posture], order: tuple[str, ...]) -> McpServer:
    return server.changed(enabled=False) if server.enabled and _is_off(server, layers, order) else server


def _is_off(server: McpServer, layers: list[Posture], order: tuple[str, ...]) -> bool:
    """What the strongest layer says. A server of the user's is on if any project switches it on."""
    said = [(posture, word) for posture in layers if (word := _word(server, posture))]
    # What one start of the client sets switches nothing off for the others.
    said = [(posture, word) for posture, word in said if word == "on" or not posture.only_loosens]
    if server.project is None:
        if any(posture.project and word == "on" for posture, word in said):
            return False
        said = [(posture, word) for posture, word in said if posture.project is None]
    said = [(posture, word) for posture, word in said if posture.project in (None, server.project)]
    ranks: dict[str, int] = {scope: rank for rank, scope in enumerate(("flag", *order))}
    return bool(said) and min(said, key=lambda one: ranks.get(one[0].set_by, len(ranks)))[1] == "off"


def _word(server: McpServer, posture: Posture) -> str | None:
    """The last thing that a layer says of the server."""
    words = [rule.effect for rule in posture.servers if rule.effect in ("on", "off") and matches(rule, server)]
    return words[-1] if words else None
