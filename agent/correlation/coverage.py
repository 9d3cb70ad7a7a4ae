"""What can be said of every catalog client for every owner, also where there is nothing to list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial

from agent.records import AiAgent, ClientState, Coverage, Diagnostic, Endpoint, Evidence, Owner, Record
from agent.records.ai_agent import ClientKey
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from collectors.catalog.client import Client
from collectors.catalog.templates import template_path
from collectors.sources.account import Home, Os

_UNREACHED = {
    "out_of_reach": "the home is out of reach",
    "network": "the home lies on a network file system, and collect.network_homes is off",
}


def coverage(
    records: Iterable[Record], agents: dict[ClientKey, AiAgent], catalog: Catalog, memo: DerivationCache
) -> Iterator[Coverage]:
    """One record per owner whose home is known."""
    owners: list[Owner] = []
    gaps: dict[tuple[str | None, str | None], Diagnostic] = {}
    closed: list[Diagnostic] = []
    os: Os = "linux"
    for record in records:
        if isinstance(record, Owner):
            owners.append(record)
        elif isinstance(record, Endpoint):
            os = record.os
        elif isinstance(record, Diagnostic) and record.severity == "error":
            gaps.setdefault((record.owner, record.agent), record)
            if record.path and record.agent is None:
                closed.append(record)
    clients = [client for client in catalog.clients.values() if client.kind != "standard"]
    for owner in owners:
        theirs = {key: agent for key, agent in agents.items() if key[0] in (None, owner.owner)}
        own_gaps = {agent: gap for (account, agent), gap in gaps.items() if account == owner.owner}
        conclude = partial(_of_owner, owner, os, clients, theirs, own_gaps, closed)
        yield memo.get(("coverage", owner.id), (owner, *theirs.values(), *own_gaps.values(), *closed), conclude)


def _of_owner(
    owner: Owner,
    os: Os,
    clients: list[Client],
    agents: dict[ClientKey, AiAgent],
    gaps: dict[str | None, Diagnostic],
    closed: list[Diagnostic],
) -> Coverage:
    return Coverage(
        endpoint_id=owner.endpoint_id,
        owner=owner.owner,
        observed_at=owner.observed_at,
        evidence=Evidence(collector="rollcall", source=owner.home, confidence="inferred"),
        clients=tuple(
            _state(owner, client, agents, gaps.get(client.id) or _hidden(client, owner, os, closed))
            for client in clients
        ),
    )


def _hidden(client: Client, owner: Owner, os: Os, closed: Iterable[Diagnostic]) -> Diagnostic | None:
    """The folder that could not be looked into and that would hold a file of the client, if there is one."""
    folders = {_unified(gap.path or "", os): gap for gap in closed if gap.owner in (None, owner.owner)}
    if not folders:
        return None
    home, layout = Home(owner.owner or "", _unified(owner.home, os), owner.uid), owner.layout or os
    templates = (template for config in client.config for template in config.on(layout))
    paths = [path for t in templates if (path := template_path(t, layout, home) or template_path(t, layout, None))]
    return next((gap for folder, gap in folders.items() if any(p.startswith(folder + "/") for p in paths)), None)


def _unified(path: str, os: Os) -> str:
    return path.replace("\\", "/") if os == "windows" else path


def _state(
    owner: Owner,
    client: Client,
    agents: dict[ClientKey, AiAgent],
    gap: Diagnostic | None,
) -> ClientState:
    if owner.reach != "read":
        return _said(client.id, "could_not_read", _UNREACHED[owner.reach])
    if gap:
        return _said(client.id, "could_not_read", f"{gap.path}: {gap.message}")
    agent = agents.get((owner.owner, client.id)) or agents.get((None, client.id))
    if agent is None:
        return _said(client.id, "not_installed")
    return _said(client.id, "servers_found" if agent.servers else "no_servers")


@lru_cache(maxsize=512)
def _said(agent: str, state: str, reason: str | None = None) -> ClientState:
    """One object for all owners of whom the same is said: a machine has many, and most say it of most clients."""
    return ClientState.model_validate({"agent": agent, "state": state, "reason": reason})
