"""Fan-out: a gateway is one server in a client and all of its own servers behind that one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.records import Connection, McpServer
from collectors.catalog.schema import Catalog
from collectors.programs import base_name, package_name


def fan_out(servers: Sequence[McpServer], catalog: Catalog) -> Iterator[Connection]:
    """An edge from each definition that starts a gateway to each server that the gateway itself is configured with."""
    gateways = {sign: client.id for client in catalog.clients.values() for sign in client.gateway}
    if not gateways:
        return
    for server in servers:
        gateway = next((gateways[sign] for sign in _signs(server) if sign in gateways), None)
        if gateway is None or gateway == server.agent:
            continue
        for behind in servers:
            if behind.agent == gateway and behind.owner in (None, server.owner):
                yield Connection.of(
                    endpoint_id=server.endpoint_id,
                    owner=server.owner,
                    observed_at=server.observed_at,
                    evidence=server.evidence,
                    relation="serves",
                    from_id=server.id,
                    to_id=behind.id,
                )


def _signs(server: McpServer) -> list[str]:
    """What a definition could be recognised as a gateway by: its package, its command, its command with subcommands."""
    signs = [package_name(server.package)] if server.package else []
    if server.command:
        words = [base_name(server.command), *server.args[:2]]
        signs += ["command:" + " ".join(words[:length]) for length in (3, 2, 1)]
    return signs
