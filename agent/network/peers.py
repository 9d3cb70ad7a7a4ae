"""What a socket means: the name of its peer and what it is for, from configurations and the catalog alone."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from typing import NamedTuple
from urllib.parse import urlsplit

from agent.network.name_cache import NameCache, canonical, host_name
from agent.network.provider_hosts import ProviderHosts, provider_hosts
from agent.records import AiAgent, Connection, Exposure, Instance, McpServer, ModelProvider, Purpose, Record
from agent.runtime.memo import DerivationCache
from collectors.reach.this_machine import is_this_machine

_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
LOCALHOST = "localhost"
_NAMES_AN_ACCOUNT, _LONGEST_NAME = 100, 100


class Endpoint(NamedTuple):
    """A host name, an address, or `localhost` for every way to say this machine; with a port."""

    host: str
    port: int


class EndpointIndex:
    """The endpoints that this machine's configurations and the catalog know."""

    def __init__(
        self,
        servers: Iterable[McpServer],
        providers: Iterable[ModelProvider] = (),
        known: ProviderHosts | None = None,
    ) -> None:
        self._known = known or provider_hosts()
        self._servers: dict[Endpoint, list[McpServer]] = defaultdict(list)
        for server in servers:
            endpoint = endpoint_of(server.url or server.remote_url)
            if endpoint:
                self._servers[endpoint].append(server)
        self._models = {endpoint for p in providers if (endpoint := endpoint_of(p.base_url))}

    def purpose(self, host: str, port: int, instance: Instance | None = None) -> Purpose:
        """What a connection to a host (or to an address that has no known name) is for."""
        peer = Endpoint(LOCALHOST if is_this_machine(host) else host, port)
        provider = self._known.at(*peer)
        if instance and (peer in self._models or (provider and instance.agent in provider.agents)):
            return "model_provider"
        if peer.host == LOCALHOST:
            return "model_provider" if peer in self._models or provider else "local"
        if instance and self.servers(peer, instance):
            return "mcp_remote"
        if provider or peer in self._models:
            return "model_provider"
        return "mcp_remote" if peer in self._servers else "other"

    def servers(self, peer: Endpoint, instance: Instance) -> list[McpServer]:
        """Definitions that this process may have its connection to the peer from."""
        key = instance.agent if instance.subject == "agent" else None
        return [
            server
            for server in self._servers.get(peer, ())
            if server.id in instance.server_ids or (server.agent == key and server.owner in (None, instance.owner))
        ]

    def likeliest(self, hosts: Sequence[str], port: int, instance: Instance | None) -> str | None:
        """Of the names of one address the one this process most likely meant: its own servers', a provider's, any
        configured one, else the latest."""
        if not hosts:
            return None

        def rank(host: str) -> int:
            peer = Endpoint(host, port)
            if instance and self.servers(peer, instance):
                return 0
            return 1 if peer in self._models or self._known.at(*peer) else 2 if peer in self._servers else 3

        return min(hosts, key=rank)


def named(
    connections: Iterable[Connection],
    names: NameCache | None,
    peers: EndpointIndex,
    instances: Iterable[Instance],
    memo: DerivationCache,
) -> Iterator[Connection]:
    """The sockets among the connections with name, purpose and exposure; other edges as they are."""
    by_id = {instance.id: instance for instance in instances}
    for connection in connections:
        if connection.relation == "listening" and connection.local:
            exposed = partial(connection.changed, exposure=exposure(connection.local))
            yield memo.get(("exposed", connection.id), (connection,), exposed)
        elif connection.relation == "established" and (peer := split_endpoint(connection.remote)):
            instance = by_id.get(connection.from_id)
            host = peer.host if host_name(peer.host) else None
            if names and not host and not is_this_machine(peer.host):
                host = peers.likeliest(names.hosts(peer.host), peer.port, instance)
            purpose = peers.purpose(host or peer.host, peer.port, instance)
            told = partial(connection.changed, host=host, purpose=purpose)
            yield memo.get(("named", connection.id, host, purpose), (connection,), told)
        else:
            yield connection


def exposure(local: str) -> Exposure | None:
    """Who can reach a socket that listens at `address:port`."""
    peer = split_endpoint(local)
    if peer is None or canonical(peer.host) is None:
        return None
    address = ipaddress.ip_address(peer.host)
    return "any" if address.is_unspecified else "loopback" if address.is_loopback else "lan"


@lru_cache(maxsize=2_048)
def endpoint_of(url: str | None) -> Endpoint | None:
    """Where a URL points; None where a placeholder stands for the host or the port."""
    try:
        parts = urlsplit(url or "")
        host, port = (parts.hostname or "").removesuffix("."), parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    if not host or port is None:
        return None
    if is_this_machine(host):
        return Endpoint(LOCALHOST, port)
    known = canonical(host) or (host if host_name(host) or host.isalnum() else None)
    return Endpoint(known, port) if known else None


def split_endpoint(text: str | None) -> Endpoint | None:
    """`address:port` or `[address]:port` taken apart."""
    host, sign, port = (text or "").rpartition(":")
    return Endpoint(host.strip("[]"), int(port)) if sign and port.isdigit() else None


def hosts_to_resolve(records: Iterable[Record]) -> frozenset[str]:
    """Names worth a lookup: of configured servers and providers, and of the providers of agents that are there.

    Whoever configures a name has it looked up by this machine, and so could tell something to the name's owner: of each
    account at most 100 names of an ordinary length are looked up, and none with a part that looks generated.
    """
    configured: dict[str | None, set[str]] = defaultdict(set)
    agents = set[str]()
    for record in records:
        if isinstance(record, McpServer | ModelProvider):
            url = record.base_url if isinstance(record, ModelProvider) else record.url or record.remote_url
            endpoint = endpoint_of(url)
            if endpoint and host_name(endpoint.host) and len(endpoint.host) <= _LONGEST_NAME:
                configured[record.owner].add(endpoint.host)
        elif isinstance(record, AiAgent):
            agents.add(record.agent)
    hosts = (host for names in configured.values() for host in sorted(names)[:_NAMES_AN_ACCOUNT])
    return frozenset(hosts) | provider_hosts().of_agents(agents)
