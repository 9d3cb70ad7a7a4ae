"""Which server definitions somebody approved, and which run although nobody did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from agent.correlation.server_rules import matches
from agent.records import Approval, McpServer, Posture, Source
from agent.records.approval import ApprovalState
from agent.records.posture import SetBy
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from collectors.catalog.permissions import Permissions

_STRONGEST: tuple[SetBy, ...] = ("managed", "user", "local", "project", "flag", "default")


class _Decision(NamedTuple):
    state: ApprovalState
    by: SetBy = "default"
    source: Source | None = None


def approvals(
    servers: Iterable[McpServer], configured: Iterable[Posture], catalog: Catalog, memo: DerivationCache
) -> Iterator[Approval]:
    """One for each definition whose client is known to treat permissions in some way."""
    layers: dict[tuple[str, str | None], list[Posture]] = {}
    lengthening: dict[str, list[Posture]] = {}
    for posture in configured:
        layers.setdefault((posture.agent, posture.project), []).append(posture)
        if posture.project and any(rule.effect == "only" for rule in posture.servers):
            lengthening.setdefault(posture.agent, []).append(posture)
    every = list(servers)
    managed = {(server.agent, server.owner): server for server in every if server.scope == "managed"}
    for server in every:
        client = catalog.clients.get(server.agent)
        if client is None or client.permissions is None:
            continue
        only = managed.get((server.agent, server.owner)) or managed.get((server.agent, None))
        places = dict.fromkeys((None, server.project))
        near = [p for place in places for p in layers.get((server.agent, place), ()) if p.owner in (server.owner, None)]
        above = only if client.exclusive and server.scope != "managed" else None
        # In a project the server may run that is on the list there, wherever it is defined.
        there = [] if server.project else lengthening.get(server.agent, [])
        there = [p for p in there if p.owner in (server.owner, None)]
        decide = partial(_judged, server, above, near, there, client.permissions)
        yield memo.get(("approval", server.id), (server, above, *near, *there), decide)


def _judged(
    server: McpServer, above: McpServer | None, near: list[Posture], there: list[Posture], client: Permissions
) -> Approval:
    """`above`: a managed server, where those of an organisation are the only ones the client starts."""
    if above:
        return _approval(server, _Decision("denied", "managed", above.source))
    layers = sorted(near, key=lambda p: _STRONGEST.index(p.set_by))
    return _approval(server, _decide(server, layers, there, client))


def _decide(server: McpServer, layers: list[Posture], there: list[Posture], client: Permissions) -> _Decision:
    """A refusal counts before everything else, then lists of what may run at all, then who approved."""
    sure = [p for p in layers if not p.only_loosens and (client.project_wins or not _speaks_for_itself(p))]
    if denied := _said(server, sure, "deny"):
        return _Decision("denied", denied.set_by, denied.source)
    listed = _listed(server, layers, there)
    if listed and listed.state != "approved":
        return listed
    if server.scope not in client.approves:
        return listed or _Decision("not_applicable")
    if approved := _said(server, layers, "approve"):
        return _Decision("approved", approved.set_by, approved.source)
    return _trusted(server, layers, client) or _Decision(client.unapproved)


def _said(server: McpServer, layers: Iterable[Posture], effect: str) -> Posture | None:
    """The strongest layer that says this of the server."""
    return next((p for p in layers if any(r.effect == effect and matches(r, server) for r in p.servers)), None)


def _listed(server: McpServer, layers: list[Posture], there: list[Posture]) -> _Decision | None:
    """What the lists of permitted servers come to; a project can lengthen such a list but not begin one."""
    if any(p.managed_servers_only for p in layers if p.set_by == "managed" and not p.only_loosens):
        layers, there = [p for p in layers if p.set_by == "managed"], []
    limiting = [p for p in layers if any(rule.effect == "only" for rule in p.servers)]
    first = next((p for p in limiting if p.set_by in ("managed", "user") and not p.only_loosens), None)
    if first is None:
        return None
    if found := _said(server, (*limiting, *there), "only"):
        return _Decision("approved", found.set_by, found.source)
    unclear = any(rule.effect == "only" and rule.match == "unknown" for p in limiting for rule in p.servers)
    return _Decision("unknown" if unclear else "denied", first.set_by, first.source)


def _trusted(server: McpServer, layers: Iterable[Posture], client: Permissions) -> _Decision | None:
    """What trust in the project's folder decides; a project cannot speak for itself."""
    for posture in layers if client.trust_approves and server.project else ():
        if posture.set_by in ("managed", "user", "flag"):
            if server.project in posture.untrusted_folders and not posture.only_loosens:
                return _Decision("denied", posture.set_by, posture.source)
            if any(_below(server.project or "", folder) for folder in posture.trusted_folders):
                return _Decision("approved", posture.set_by, posture.source)
    return None


def _speaks_for_itself(posture: Posture) -> bool:
    """Whether the layer lies in the project that it is about."""
    path = posture.source.path if posture.source else ""
    return posture.set_by == "project" or (posture.set_by == "local" and _below(path, posture.project or ""))


def _below(project: str, folder: str) -> bool:
    return project == folder or project.startswith(folder.rstrip("/") + "/")


def _approval(server: McpServer, decision: _Decision) -> Approval:
    return Approval(
        endpoint_id=server.endpoint_id,
        owner=server.owner,
        observed_at=server.observed_at,
        evidence=server.evidence,
        agent=server.agent,
        server_id=server.id,
        server=server.name,
        project=server.project,
        state=decision.state,
        by=decision.by,
        runs_anyway=bool(server.running) and decision.state in ("pending", "denied"),
        source=decision.source,
    )
