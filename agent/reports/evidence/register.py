"""The inventory register (A.4): a row for each AI agent, and for each MCP server that one of them may use."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from agent.records import AiAgent, McpServer, Owner, PolicyInForce
from agent.reports.evidence.sheet import Sheet
from agent.reports.evidence.subject import EvidenceSubject

_HEAD = (
    "id", "type", "name", "agent", "vendor", "account", "accountable person", "known by", "team", "in scope",
    "organisation's role", "purpose", "version", "package or address", "reaches", "policy says", "running",
    "stands in", "open findings", "worst finding",
)  # fmt: skip


def register(subject: EvidenceSubject) -> Sheet:
    """Agents first, each by name."""
    teams = {owner.owner: owner.team for owner in subject.machine.of(Owner)}
    agents = sorted(subject.machine.of(AiAgent), key=lambda a: (a.name, a.owner or "", a.id))
    servers = sorted(subject.machine.of(McpServer), key=lambda s: (s.name, s.agent, s.owner or "", s.id))
    scopes = {(agent.owner, agent.agent): agent for agent in agents}
    rows = [_agent(subject, agent, teams) for agent in agents]
    rows += [_server(subject, server, teams, scopes.get((server.owner, server.agent))) for server in servers]
    return Sheet(_HEAD, rows)


def as_json(subject: EvidenceSubject) -> Iterator[str]:
    """The same, as an array of objects."""
    sheet = register(subject)
    names = [head.replace("'", "").replace(" ", "_") for head in sheet.head]
    rows = [dict(zip(names, row, strict=True)) for row in sheet.rows]
    return iter(json.dumps(rows, indent=1).split("\n"))


_Row = tuple[str | int | None, ...]
_Teams = Mapping[str | None, str | None]


def _agent(subject: EvidenceSubject, agent: AiAgent, teams: _Teams) -> _Row:
    machine = subject.machine
    return (
        agent.id, "AI agent", agent.name, agent.agent, agent.vendor, agent.owner or "(machine)", agent.accountable,
        agent.accountable_by, teams.get(agent.owner), "yes" if agent.in_scope else "no", agent.role,
        subject.purposes.get(agent.agent), agent.version, None, f"{agent.servers} MCP servers", _policy(agent.sanction),
        "yes" if agent.running else "no", "; ".join(agent.paths[:3]), len(machine.findings_around(agent)),
        machine.worst(agent),
    )  # fmt: skip


def _server(subject: EvidenceSubject, server: McpServer, teams: _Teams, agent: AiAgent | None) -> _Row:
    machine = subject.machine
    target = server.package or server.url or " ".join((server.command or "", *server.args)).strip()
    scope, role = ("yes" if agent.in_scope else "no", agent.role) if agent else (None, None)
    return (
        server.id, "MCP server", server.name, server.agent, None, server.owner or "(machine)", server.accountable,
        server.accountable_by, teams.get(server.owner), scope, role, subject.purposes.get(server.agent), None, target,
        "; ".join(f"{source.kind} {source.target}" for source in server.data), _policy(server.sanction),
        {True: "yes", False: "no", None: "not known"}[server.running], f"{server.source.path}: {server.source.key}",
        len(machine.findings_of.get(server.id, ())), machine.worst(server),
    )  # fmt: skip


def _policy(sanction: str) -> str:
    return "nothing" if sanction == "unknown" else sanction


def said_of(policy: PolicyInForce | None) -> str:
    """Which policy the register was judged by."""
    if policy is None or policy.state == "none":
        return "No policy is in force on this endpoint: nothing is sanctioned, and nothing forbidden."
    signed = f", signed by key {policy.signed_by}" if policy.signed_by else ", not signed"
    return f"Judged by policy {policy.version or 'without a version'} from {policy.place}{signed}."
