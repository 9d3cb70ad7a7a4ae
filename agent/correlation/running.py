"""Which definitions processes run: by what their collector knew, and by the ports they listen on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from agent.network.peers import LOCALHOST, endpoint_of
from agent.records import Connection, Instance, McpServer, Record


def listening_ports(records: Iterable[Record]) -> dict[str, set[int]]:
    """Ports that each instance listens on, by instance id."""
    ports: dict[str, set[int]] = {}
    for record in records:
        if isinstance(record, Connection) and record.relation == "listening" and record.local:
            ports.setdefault(record.from_id, set()).add(int(record.local.rpartition(":")[2]))
    return ports


def definitions_of_ports(
    instance: Instance, servers: Iterable[McpServer], listening: Mapping[str, set[int]]
) -> set[str]:
    """Ids of definitions whose loopback URL points where a server process listens: it is what they mean."""
    ports = listening.get(instance.id)
    if instance.subject != "mcp_server" or not ports:
        return set()
    return {s.id for s in servers if s.owner in (instance.owner, None) and own_port(s.url) in ports}


def own_port(url: str | None) -> int | None:
    """The port that a URL names on this machine; behind one that it does not name anything may stand."""
    endpoint = endpoint_of(url)
    return urlsplit(url or "").port if endpoint and endpoint.host == LOCALHOST else None


def run_by_others(facts: Iterable[Record], of_machine: Iterable[McpServer]) -> dict[str | None, frozenset[str]]:
    """Ids of the definitions of each account (None: of the machine) that processes of other accounts run.

    `of_machine` are the machine's definitions, which anybody's process may listen for.
    """
    held = list(facts)
    listening, everybodys = listening_ports(held), list(of_machine)
    owners = {record.id: record.owner for record in held if record.kind == "mcp_server"}
    found: dict[str | None, set[str]] = defaultdict(set)
    for instance in (record for record in held if isinstance(record, Instance)):
        for server_id in {*instance.server_ids, *definitions_of_ports(instance, everybodys, listening)}:
            if owners.get(server_id) != instance.owner:
                found[owners.get(server_id)].add(server_id)
    return {owner: frozenset(ids) for owner, ids in found.items()}
