"""Joins what the collectors saw separately: definition, process, socket and agent become one picture."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from functools import partial
from typing import cast

from agent.correlation.approvals import approvals
from agent.correlation.coverage import coverage
from agent.correlation.effective_posture import effective
from agent.correlation.gateways import fan_out
from agent.correlation.merging import merged
from agent.correlation.observed_posture import observed
from agent.correlation.precedence import resolve
from agent.correlation.running import definitions_of_ports, listening_ports, own_port
from agent.correlation.switches import switched
from agent.correlation.tool_effects import effects
from agent.correlation.tools import tools
from agent.records import AiAgent, Connection, Evidence, Instance, McpServer, Posture, Record, Relation, ToolList
from agent.records.ai_agent import ClientKey
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog


def correlate(
    facts: Iterable[Record],
    catalog: Catalog,
    live: bool,
    memo: DerivationCache | None = None,
    elsewhere: Container[str] = (),
) -> dict[str, Record]:
    """The inventory by record id: the facts with their joins filled in, and the edges that follow from them.

    What it says of one account follows from the facts of that account, those of the machine, and `elsewhere`: ids of
    servers that other accounts' processes run. `memo` knows what was concluded before from the same facts.
    """
    memo = memo or DerivationCache()
    told = {record.id: record for record in facts}
    lists = [cast(ToolList, record) for record in told.values() if record.kind == "tool_list"]
    records = {id_: record for id_, record in told.items() if record.kind != "tool_list"}
    instances = [cast(Instance, r) for r in records.values() if r.kind == "instance"]
    postures = [record for record in records.values() if isinstance(record, Posture)]
    configured = [posture for posture in postures if posture.basis == "configured"]
    defined = (cast(McpServer, record) for record in records.values() if record.kind == "mcp_server")
    servers = list(switched(merged(defined, catalog, memo), configured, catalog, memo))
    listening = listening_ports(records.values())
    instances = [_with_url_definitions(instance, servers, listening) for instance in instances]
    records.update((instance.id, instance) for instance in instances)
    running = {server_id for instance in instances for server_id in instance.server_ids}
    servers = [_with_state(s, _runs(s, s.id in running or s.id in elsewhere) if live else None, memo) for s in servers]
    decided = list(approvals(servers, configured, catalog, memo))
    refused = frozenset(a.server_id for a in decided if a.state == "denied" and not a.runs_anyway)
    servers = list(resolve(servers, catalog, memo, refused))
    records.update((server.id, server) for server in servers)
    agents = _agents(records.values(), servers, instances, catalog, memo)
    records.update((agent.id, agent) for agent in agents.values())
    more: list[Record] = [*_edges(agents, servers, instances, memo), *fan_out(servers, catalog, memo)]
    in_effect = list(effective(agents.values(), postures, catalog, memo))
    more += in_effect
    offered = tuple(tools(lists, servers, in_effect, catalog, memo))
    more += offered
    more += memo.get("effects", offered, lambda: list(effects(offered, {server.id: server for server in servers})))
    more += observed(instances, postures, catalog)
    more += decided
    more += coverage(records.values(), agents, catalog, memo)
    records.update((record.id, record) for record in more)
    return records


def _with_url_definitions(instance: Instance, servers: Iterable[McpServer], listening: dict[str, set[int]]) -> Instance:
    matched = definitions_of_ports(instance, servers, listening)
    return instance.changed(server_ids=tuple(sorted({*instance.server_ids, *matched}))) if matched else instance


def _runs(server: McpServer, running: bool) -> bool | None:
    """A server elsewhere runs where this machine cannot see it."""
    return True if running else False if server.transport == "stdio" or own_port(server.url) else None


def _with_state(server: McpServer, running: bool | None, memo: DerivationCache) -> McpServer:
    return memo.get(("state", server.id), (server, running), lambda: server.changed(running=running))


def _agents(
    records: Iterable[Record],
    servers: Iterable[McpServer],
    instances: Iterable[Instance],
    catalog: Catalog,
    memo: DerivationCache,
) -> dict[ClientKey, AiAgent]:
    """One agent per owner and client; a running or merely configured client without other evidence is one too."""
    agents = {(a.owner, a.agent): a for a in records if isinstance(a, AiAgent)}
    runs = {(i.owner, i.agent): i for i in instances if i.subject == "agent" and i.agent}
    holds: dict[ClientKey, list[McpServer]] = {}
    for server in servers:
        holds.setdefault((server.owner, server.agent), []).append(server)
    signs: list[tuple[tuple[str | None, str | None], Instance | McpServer]] = [*runs.items()]
    signs += [(key, held[0]) for key, held in holds.items()]
    for key, seen in signs:
        if key not in agents and key[1] in catalog.clients:
            agents[key[0], str(key[1])] = memo.get(("implied", key), (seen,), partial(_implied, seen, catalog))
    for key, agent in agents.items():
        count, runs_now = len(holds.get(key, ())), key in runs
        agents[key] = memo.get(
            ("agent", agent.id, count, runs_now), (agent,), partial(agent.changed, servers=count, running=runs_now)
        )
    return agents


def _implied(seen: Instance | McpServer, catalog: Catalog) -> AiAgent:
    client = catalog.clients[str(seen.agent)]
    ran = isinstance(seen, Instance)
    paths = (seen.exe,) if isinstance(seen, Instance) else (seen.source.path,)
    return AiAgent(
        endpoint_id=seen.endpoint_id,
        owner=seen.owner,
        observed_at=seen.observed_at,
        evidence=Evidence(
            collector=seen.evidence.collector,
            source=seen.evidence.source,
            confidence="confirmed" if ran else "inferred",
        ),
        agent=client.id,
        name=client.name,
        vendor=client.vendor,
        agent_kind=client.kind,
        installed=ran,
        paths=tuple(path for path in paths if path),
    )


def _edges(
    agents: dict[ClientKey, AiAgent],
    servers: Iterable[McpServer],
    instances: Iterable[Instance],
    memo: DerivationCache,
) -> Iterator[Connection]:
    for server in servers:
        agent = agents.get((server.owner, server.agent))
        if agent:
            edge = partial(_edge, "configured", agent.id, server)
            yield memo.get(("configured", server.id), (agent, server), edge)
    for instance in instances:
        if instance.subject == "mcp_server" and instance.parent_id:
            edge = partial(_edge, "running", instance.parent_id, instance)
            yield memo.get(("running", instance.id), (instance,), edge)


def _edge(relation: Relation, from_id: str, end: McpServer | Instance) -> Connection:
    return Connection(
        endpoint_id=end.endpoint_id,
        owner=end.owner,
        observed_at=end.observed_at,
        evidence=end.evidence,
        relation=relation,
        from_id=from_id,
        to_id=end.id,
    )
