"""What the sockets of agents and servers add to the picture: named peers, who talks to which server, data reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from agent.network.name_cache import NameCache
from agent.network.peers import LOCALHOST, Endpoint, EndpointIndex, named, split_endpoint
from agent.records import Connection, DataSource, Instance, McpServer, Record
from agent.runtime.memo import DerivationCache
from collectors.reach.services import services
from collectors.reach.this_machine import is_this_machine

_DATABASE_PORTS = {
    1433: "SQL Server",
    3306: "MySQL",
    5432: "PostgreSQL",
    6379: "Redis",
    7687: "Neo4j",
    9200: "Elasticsearch",
    27017: "MongoDB",
}
_EPHEMERAL = 32_768
_MOST_OBSERVED = 50


def network(records: Iterable[Record], names: NameCache | None, memo: DerivationCache) -> Iterator[Record]:
    """The sockets among `records` with names and purposes, the edges that follow, and the servers that they change.

    Without `names` only what a configuration gives as a literal address is known.
    """
    kinds: dict[str, list[Any]] = {"connection": [], "instance": [], "mcp_server": [], "model_provider": []}
    for record in records:
        if record.kind in kinds:
            kinds[record.kind].append(record)
    sockets: list[Connection] = [c for c in kinds["connection"] if c.relation in ("listening", "established")]
    if not sockets:
        return
    instances: list[Instance] = kinds["instance"]
    servers: list[McpServer] = kinds["mcp_server"]
    peers = EndpointIndex(servers, kinds["model_provider"])
    sockets = list(named(sockets, names, peers, instances, memo))
    yield from sockets
    yield from _connected(sockets, peers, instances, memo)
    by_id = {server.id: server for server in servers}
    for server_id, seen in _observed(sockets, instances).items():
        if server_id in by_id:
            server = by_id[server_id]
            yield server.changed(data=(*(s for s in server.data if s.basis == "declared"), *seen))


def _connected(
    sockets: Iterable[Connection], peers: EndpointIndex, instances: Iterable[Instance], memo: DerivationCache
) -> Iterator[Connection]:
    """An edge from each agent's process to each definition of its own whose URL it is connected to."""
    agents = {instance.id: instance for instance in instances if instance.subject == "agent"}
    for socket in sockets:
        peer, instance = split_endpoint(socket.remote), agents.get(socket.from_id)
        if not peer or not instance or socket.purpose not in ("mcp_remote", "local"):
            continue
        place = LOCALHOST if is_this_machine(peer.host) else socket.host or peer.host
        for server in peers.servers(Endpoint(place, peer.port), instance):
            edge = partial(_edge, socket, server.id)
            yield memo.get(("connected", socket.id, server.id), (socket,), edge)


def _edge(socket: Connection, server_id: str) -> Connection:
    return Connection(
        endpoint_id=socket.endpoint_id,
        owner=socket.owner,
        observed_at=socket.observed_at,
        evidence=socket.evidence,
        relation="connected",
        from_id=socket.from_id,
        to_id=server_id,
    )


def _observed(sockets: Sequence[Connection], instances: Iterable[Instance]) -> dict[str, tuple[DataSource, ...]]:
    """What the processes of each definition are connected to, by server id."""
    reached: dict[str, dict[tuple[str, str], DataSource]] = {}
    by_id = {instance.id: instance for instance in instances if instance.server_ids}
    serving = {s.from_id for s in sockets if s.relation == "listening" and s.exposure != "loopback"}
    for socket in sockets:
        peer, instance = split_endpoint(socket.remote), by_id.get(socket.from_id)
        if peer and instance and not (socket.from_id in serving and not socket.host and peer.port >= _EPHEMERAL):
            for source in _sources(peer, socket.host):
                for server_id in instance.server_ids:
                    reached.setdefault(server_id, {})[source.kind, source.target] = source
    return {id_: tuple(found[key] for key in sorted(found))[:_MOST_OBSERVED] for id_, found in reached.items()}


def _sources(peer: Endpoint, host: str | None) -> list[DataSource]:
    place = host or peer.host
    if peer.port in _DATABASE_PORTS:
        return [DataSource(kind="database", target=f"{_DATABASE_PORTS[peer.port]} {place}", basis="observed")]
    if is_this_machine(place):
        return []
    known = services().of_host(place) or [DataSource(kind="network", target=place)]
    return [source.model_copy(update={"basis": "observed"}) for source in known]
