"""The inventory for a person at a terminal: agents, their servers, what runs, what to look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from agent.records import AiAgent, Diagnostic, Finding, Instance, McpServer, Owner, Posture, Record, Summary
from agent.records.finding import SEVERITIES
from agent.runtime.terminal import plain

_AGENT = ("AGENT", "OWNER", "VERSION", "INSTALLED", "RUNNING", "SERVERS", "APPROVALS")
_SERVER = ("AGENT", "SERVER", "TRANSPORT", "PACKAGE OR TARGET", "SCOPE", "OWNER", "STATE")
_LOOSE = ("AGENT", "OWNER", "WHERE", "APPROVALS", "SANDBOX", "SET BY", "IN")
_UNASKED = ("auto_approves", "bypasses")
_WIDEST = 60


def lines(records: Sequence[Record]) -> Iterator[str]:
    """Tables of agents, servers and undeclared servers, then warnings and the summary."""
    of = {kind: [r for r in records if r.kind == kind] for kind in {r.kind for r in records}}
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
    findings = [cast(Finding, r) for r in of.get("finding", ())]
    if findings:
        yield from ("", "Findings:", *columns(("SEVERITY", "FINDING", "SUBJECT", "RULE"), _finding_rows(findings)))
    warnings = [_warning(cast(Diagnostic, r)) for r in of.get("diagnostic", ())]
    if warnings:
        yield from ("", "Warnings:", *sorted(warnings))
    for summary in of.get("summary", ()):
        yield from ("", *_closing(cast(Summary, summary), of.get("owner", ())))


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


def _finding_rows(findings: Iterable[Finding]) -> list[tuple[str, ...]]:
    """The gravest first; what is acknowledged or resolved needs no reader."""
    shown = [f for f in findings if f.state in ("open", "reopened") and f.severity != "info"]
    shown.sort(key=lambda f: (-SEVERITIES.index(f.severity), f.rule, f.subject))
    return [(f.severity, f.title, f.subject, f.rule) for f in shown]


def _warning(diagnostic: Diagnostic) -> str:
    place = ":".join(str(part) for part in (diagnostic.path, diagnostic.line, diagnostic.column) if part)
    return plain(f"  {diagnostic.severity}: {place + ': ' if place else ''}{diagnostic.message} [{diagnostic.code}]")


def _closing(summary: Summary, owners: Iterable[Record]) -> Iterator[str]:
    homes = sum(1 for owner in owners if cast(Owner, owner).reach == "read")
    counts = summary.counts
    yield (
        f"{counts.get('ai_agent', 0)} agents, {counts.get('mcp_server', 0)} MCP servers, "
        f"{counts.get('instance', 0)} running instances in {homes} homes; "
        f"{summary.status}, {summary.duration_seconds:.2f} s"
    )
    if summary.out_of_reach:
        yield f"Out of reach without more rights: the homes of {plain(', '.join(summary.out_of_reach))}"


def columns(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Cells in columns, a line a row, without what could move a cursor and cut where they are very wide."""
    lines = [head, *([_printable(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines]


def _printable(cell: str) -> str:
    text = plain(cell)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
