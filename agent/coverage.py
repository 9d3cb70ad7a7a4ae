"""What can be said of every catalog client for every owner, also where there is nothing to list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent.records import AiAgent, ClientState, Coverage, Diagnostic, Evidence, Owner, Record
from collectors.catalog.schema import Catalog


def coverage(
    records: Iterable[Record], agents: dict[tuple[str | None, str], AiAgent], catalog: Catalog
) -> Iterator[Coverage]:
    """One record per owner whose home is known."""
    owners: list[Owner] = []
    gaps: dict[tuple[str | None, str | None], Diagnostic] = {}
    for record in records:
        if isinstance(record, Owner):
            owners.append(record)
        elif isinstance(record, Diagnostic) and record.severity == "error":
            gaps.setdefault((record.owner, record.agent), record)
    clients = [client.id for client in catalog.clients.values() if client.kind != "standard"]
    for owner in owners:
        yield Coverage.of(
            endpoint_id=owner.endpoint_id,
            owner=owner.owner,
            observed_at=owner.observed_at,
            evidence=Evidence(collector="rollcall", source=owner.home, confidence="inferred"),
            clients=tuple(_state(owner, client, agents, gaps) for client in clients),
        )


def _state(
    owner: Owner,
    client: str,
    agents: dict[tuple[str | None, str], AiAgent],
    gaps: dict[tuple[str | None, str | None], Diagnostic],
) -> ClientState:
    if owner.reach == "out_of_reach":
        return ClientState(agent=client, state="could_not_read", reason="the home is out of reach")
    gap = gaps.get((owner.owner, client))
    if gap:
        return ClientState(agent=client, state="could_not_read", reason=f"{gap.path}: {gap.message}")
    agent = agents.get((owner.owner, client)) or agents.get((None, client))
    if agent is None:
        return ClientState(agent=client, state="not_installed")
    return ClientState(agent=client, state="servers_found" if agent.servers else "no_servers")
