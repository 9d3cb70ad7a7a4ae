"""The inventory for a person at a terminal: what needs attention, then agents, their servers and what runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from agent.records import AiAgent, Diagnostic, Instance, LookScope, McpServer, Owner, Posture, Record, Summary
from agent.reports.columns import columns
from agent.reports.findings import Findings, grouped, wanting
from agent.runtime.terminal import plain

_AGENT = ("AGENT", "OWNER", "VERSION", "INSTALLED", "RUNNING", "SERVERS", "APPROVALS")
_SERVER = ("AGENT", "SERVER", "TRANSPORT", "PACKAGE OR TARGET", "SCOPE", "OWNER", "STATE")
_LOOSE = ("AGENT", "OWNER", "WHERE", "APPROVALS", "SANDBOX", "SET BY", "IN")
_UNASKED = ("auto_approves", "bypasses")


def lines(records: Sequence[Record]) -> Iterator[str]:
    """In the order people ask: what needs attention, what is here, what could not be seen."""
    of = {kind: [r for r in records if r.kind == kind] for kind in {r.kind for r in records}}
    if wanted := wanting(of.get("finding", ())):
        yield from ("What needs attention (`rollcall findings` shows each):", *grouped(Findings(wanted)), "")
    yield from _here(of)
    if warnings := [_warning(cast(Diagnostic, r)) for r in of.get("diagnostic", ())]:
        yield from ("", "Warnings:", *sorted(warnings))
    for summary in of.get("summary", ()):
        yield from ("", *_closing(cast(Summary, summary), of.get("owner", ())))


def _here(of: Mapping[str, Sequence[Record]]) -> Iterator[str]:
    """What is here: agents, their servers, what runs without a definition, and who acts unasked."""
    agents = [cast(AiAgent, r) for r in of.get("ai_agent", ())]
    servers = [cast(McpServer, r) for r in of.get("mcp_server", ())]
    undeclared = [i for i in map(_instance, of.get("instance", ())) if i.subject == "mcp_server" and not i.server_ids]
    postures = [cast(Posture, r) for r in of.get("posture", ())]
    modes = {(p.owner, p.agent): p for p in postures if p.basis == "effective" and p.project is None}
    agent_rows = sorted(_agent_row(agent, modes.get((agent.owner, agent.agent))) for agent in agents)
    yield from columns(_AGENT, agent_rows) if agents else ["No AI agents found."]
    yield from ("", *(columns(_SERVER, sorted(map(_server_row, servers))) if servers else ["No MCP servers found."]))
    if undeclared:
        rows = sorted(map(_instance_row, undeclared))
        yield from ("", "Running without a definition:", *columns(("SERVER", "PID", "UNDER", "OWNER"), rows))
    loose = sorted(_loose_row(p) for p in postures if p.basis != "configured" and p.approval_mode in _UNASKED)
    if loose:
        yield from ("", "Permissions of agents that act unasked:", *columns(_LOOSE, loose))


def _instance(record: Record) -> Instance:
    return cast(Instance, record)


def _agent_row(agent: AiAgent, posture: Posture | None) -> tuple[str, ...]:
    installed, running = ("yes" if flag else "-" for flag in (agent.installed, agent.running))
    mode = _words(posture.approval_mode) if posture else "-"
    return agent.name, agent.owner or "(machine)", agent.version or "-", installed, running, str(agent.servers), mode


def _loose_row(posture: Posture) -> tuple[str, ...]:
    seen = posture.basis == "observed"
    shown = " ".join(posture.flags) or posture.evidence.source if seen else posture.source and posture.source.path
    where = posture.project or ("-" if seen else "everywhere")
    mode, sandbox = _words(posture.approval_mode), _words(posture.sandbox)
    return posture.agent, posture.owner or "(machine)", where, mode, sandbox, posture.set_by, shown or "-"


def _words(value: str | None) -> str:
    return (value or "-").replace("_", " ")


def _server_row(server: McpServer) -> tuple[str, ...]:
    target = server.package or server.url or " ".join((server.command or "-", *server.args))
    state = _state(server)
    scope = f"{server.scope} {server.project or server.extension or ''}".strip()
    return server.agent, server.name, server.transport, target, scope, server.owner or "(machine)", state


def _state(server: McpServer) -> str:
    if server.running:
        return "running"
    return "disabled" if not server.enabled else "-" if server.effective else "shadowed"


def _instance_row(instance: Instance) -> tuple[str, ...]:
    return instance.package or instance.name, str(instance.pid), instance.agent or "-", instance.owner or "-"


def _warning(diagnostic: Diagnostic) -> str:
    place = ":".join(str(part) for part in (diagnostic.path, diagnostic.line, diagnostic.column) if part)
    return plain(f"  {diagnostic.severity}: {place + ': ' if place else ''}{diagnostic.message} [{diagnostic.code}]")


def _within(scope: LookScope) -> str:
    return "" if scope.rights == "machine" else f" for {plain(', '.join(scope.owners)) or 'no account'} alone"


def _closing(summary: Summary, owners: Iterable[Record]) -> Iterator[str]:
    homes = sum(1 for owner in owners if cast(Owner, owner).reach == "read")
    counts = summary.counts
    yield (
        f"{counts.get('ai_agent', 0)} agents, {counts.get('mcp_server', 0)} MCP servers, "
        f"{counts.get('instance', 0)} running instances in {homes} homes; "
        f"{summary.status}{_within(summary.scope)}, {summary.duration_seconds:.2f} s"
    )
    if summary.out_of_reach:
        yield f"Out of reach without more rights: the homes of {plain(', '.join(summary.out_of_reach))}"
