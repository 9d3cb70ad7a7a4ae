"""The inventory for a person at a terminal: what needs attention, what is here, what it reaches, what was not seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import cast

from agent.records import AiAgent, Diagnostic, Instance, LookScope, McpServer, Owner, Posture, Record, Summary
from agent.reports import rows
from agent.reports.findings import Findings, each, grouped, wanting
from agent.reports.sheet import Sheet, in_columns
from agent.reports.worst import Worst, by_severity, rank
from agent.runtime.terminal import plain

_MOST = 20
"""Rows of a part where nobody asks for all of them."""
_SCREEN = 24
"""Lines that everybody sees at once: after more of them the worst is said again."""
_WORST = 3


def lines(records: Sequence[Record]) -> Iterator[str]:
    """In the order people ask; of what is many, the worst and a count."""
    told = list(_told(records, _MOST))
    yield from told
    wanted = wanting(records)
    if wanted and len(told) > _SCREEN:
        yield from ("", "The worst of it, as above:", *islice(grouped(Findings(wanted)), 1, 1 + _WORST))


def whole(records: Sequence[Record]) -> Iterator[str]:
    """The same with every row."""
    yield from _told(records, None)


def _told(records: Sequence[Record], most: int | None) -> Iterator[str]:
    of: dict[str, list[Record]] = {}
    for record in records:
        of.setdefault(record.kind, []).append(record)
    if wanted := wanting(of.get("finding", ())):
        shown = each(Findings(wanted)) if most is None else _cut(list(grouped(Findings(wanted))), most)
        yield from ("What needs attention (`rollcall findings` shows each):", *shown, "")
    yield from _here(of, Worst(records), most)
    if reach := rows.reach(cast(McpServer, r) for r in of.get("mcp_server", ())):
        yield from ("", "What they can reach:", *_table(rows.REACH, reach, most))
    yield from _unasked(of, most)
    if warnings := sorted(_warning(cast(Diagnostic, r)) for r in of.get("diagnostic", ())):
        yield from ("", "Warnings:", *_cut(warnings, most, head=0))
    for summary in of.get("summary", ()):
        yield from ("", *_closing(cast(Summary, summary), of.get("owner", ())))


def _here(of: Mapping[str, Sequence[Record]], worst: Worst, most: int | None) -> Iterator[str]:
    """Agents, their servers, and what runs without a definition."""
    agents = [cast(AiAgent, r) for r in of.get("ai_agent", ())]
    servers = [cast(McpServer, r) for r in of.get("mcp_server", ())]
    undeclared = [i for i in map(_instance, of.get("instance", ())) if i.subject == "mcp_server" and not i.server_ids]
    modes = rows.modes(cast(Posture, r) for r in of.get("posture", ()))
    agents.sort(key=lambda agent: (-rank(worst.of_client.get((agent.owner, agent.agent))), rows.order(agent)))
    keys = [(agent.owner, agent.agent) for agent in agents]
    agent_rows = [rows.agent(a, modes.get(k), worst.of_client.get(k)) for a, k in zip(agents, keys, strict=True)]
    yield from _table(rows.AGENT, agent_rows, most, "agents") if agents else ["No AI agents found."]
    yield ""
    server_rows = [
        rows.server(server, worst.of.get(server.id)) for server in by_severity(servers, worst.of, rows.order)
    ]
    yield from _table(rows.SERVER, server_rows, most, "servers") if servers else ["No MCP servers found."]
    if undeclared:
        running = sorted(map(rows.undeclared, undeclared))
        yield from ("", "Running without a definition:", *_table(rows.UNDECLARED, running, most))


def _unasked(of: Mapping[str, Sequence[Record]], most: int | None) -> Iterator[str]:
    postures = [cast(Posture, r) for r in of.get("posture", ())]
    loose = sorted(rows.loose(p) for p in postures if p.basis != "configured" and p.approval_mode in rows.UNASKED)
    if loose:
        yield from ("", "Permissions of agents that act unasked:", *_table(rows.LOOSE, loose, most))


def _table(
    head: Sequence[str], body: Sequence[Sequence[str]], most: int | None, listed: str | None = None
) -> Iterator[str]:
    yield from in_columns(Sheet(head, body if most is None else body[:most]))
    if most is not None and len(body) > most:
        where = f"`rollcall list {listed}`, or --all" if listed else "--all"
        yield f"… and {len(body) - most} more: {where}"


def _cut(told: Sequence[str], most: int | None, head: int = 1) -> Iterator[str]:
    """As many lines as there may be, and how many more there are."""
    yield from told if most is None else told[: most + head]
    if most is not None and len(told) - head > most:
        yield f"… and {len(told) - head - most} more: --all"


def _instance(record: Record) -> Instance:
    return cast(Instance, record)


def _warning(diagnostic: Diagnostic) -> str:
    place = ":".join(str(part) for part in (diagnostic.path, diagnostic.line, diagnostic.column) if part)
    return plain(f"  {diagnostic.severity}: {place + ': ' if place else ''}{diagnostic.message} [{diagnostic.code}]")


def _within(scope: LookScope) -> str:
    return "" if scope.rights == "machine" else f" for {plain(', '.join(scope.owners)) or 'no account'} alone"


def _several(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _closing(summary: Summary, owners: Iterable[Record]) -> Iterator[str]:
    homes = sum(1 for owner in owners if cast(Owner, owner).reach == "read")
    counts = summary.counts
    yield (
        f"{_several(counts.get('ai_agent', 0), 'agent')}, {_several(counts.get('mcp_server', 0), 'MCP server')}, "
        f"{_several(counts.get('instance', 0), 'running instance')} in {_several(homes, 'home')}; "
        f"{summary.status}{_within(summary.scope)}, {summary.duration_seconds:.2f} s"
    )
    if summary.out_of_reach:
        yield f"Out of reach without more rights: the homes of {plain(', '.join(summary.out_of_reach))}"
