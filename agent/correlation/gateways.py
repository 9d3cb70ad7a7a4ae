"""Fan-out: a gateway is one server in a client and all of its own servers behind that one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from agent.records import Connection, Diagnostic, McpServer
from agent.records.ai_agent import ClientKey
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from collectors.launch.packages import package_name
from collectors.launch.program_name import base_name

_MOST_EDGES = 5_000
"""For one account and gateway: definitions that start it times servers behind it may be millions."""


def fan_out(servers: Sequence[McpServer], catalog: Catalog, memo: DerivationCache) -> Iterator[Connection | Diagnostic]:
    """An edge from each definition that starts a gateway to each server that the gateway itself is configured with,
    which may start a gateway in turn; and a diagnostic where that would be too many edges."""
    gateways = {sign: client.id for client in catalog.clients.values() for sign in client.gateway}
    starting = _starting(servers, gateways) if gateways else {}
    behind = _of_gateways(servers, {gateway for _, gateway in starting})
    for (owner, gateway), fronts in starting.items():
        ends = sorted(behind.get((None, gateway), []) + (behind.get((owner, gateway), []) if owner else []), key=_id)
        if not ends:
            continue
        fronts, most = sorted(fronts, key=_id), max(1, _MOST_EDGES // len(ends))
        for front in fronts[:most]:
            for end in ends[:_MOST_EDGES]:
                yield memo.get(("serves", front.id, end.id), (front, end), partial(_edge, front, end))
        if len(fronts) > most or len(ends) > _MOST_EDGES:
            yield _left_out(gateway, fronts, most, ends)


def _starting(servers: Iterable[McpServer], gateways: dict[str, str]) -> dict[ClientKey, list[McpServer]]:
    """Definitions that start a gateway; one among a gateway's own servers does not stand before these."""
    found: dict[ClientKey, list[McpServer]] = {}
    for server in servers:
        gateway = next((gateways[sign] for sign in _signs(server) if sign in gateways), None)
        if gateway is not None and gateway != server.agent:
            found.setdefault((server.owner, gateway), []).append(server)
    return found


def _of_gateways(servers: Iterable[McpServer], gateways: set[str]) -> dict[ClientKey, list[McpServer]]:
    found: dict[ClientKey, list[McpServer]] = {}
    for server in servers:
        if server.agent in gateways:
            found.setdefault((server.owner, server.agent), []).append(server)
    return found


def _signs(server: McpServer) -> list[str]:
    """What a definition could be recognised as a gateway by: its package, its command, its command with subcommands."""
    signs = [package_name(server.package)] if server.package else []
    if server.command:
        words = [base_name(server.command), *server.args[:2]]
        signs += ["command:" + " ".join(words[:length]) for length in (3, 2, 1)]
    return signs


def _id(server: McpServer) -> str:
    return server.id


def _edge(front: McpServer, end: McpServer) -> Connection:
    return Connection(
        endpoint_id=front.endpoint_id,
        owner=front.owner,
        observed_at=front.observed_at,
        evidence=front.evidence,
        relation="serves",
        from_id=front.id,
        to_id=end.id,
    )


def _left_out(gateway: str, fronts: Sequence[McpServer], most: int, ends: Sequence[McpServer]) -> Diagnostic:
    shown = f"{min(most, len(fronts))} of {len(fronts)} definitions that start it"
    return Diagnostic(
        endpoint_id=fronts[0].endpoint_id,
        owner=fronts[0].owner,
        observed_at=min(front.observed_at for front in fronts),
        evidence=fronts[0].evidence,
        code="gateway.truncated",
        message=f"{shown} are joined to {min(_MOST_EDGES, len(ends))} of {len(ends)} servers behind it",
        agent=gateway,
    )
