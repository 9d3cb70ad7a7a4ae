"""What is here: every agent and every MCP server, with where it stands and what it reaches."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

from agent.records import AiAgent, McpServer
from agent.reports.html.elements import Html, badge, capped, code, facts, joined, left_out, name, row, table, tag
from agent.reports.html.filters import filters
from agent.reports.html.subject import Machine

_AGENT = ("Agent", "Account", "Version", "State", "Servers", "Answers for it", "Policy", "Worst finding")
_SERVER = ("Server", "Agent", "Account", "Starts or talks to", "Reaches", "State", "Worst finding")
_MOST_AGENTS = 500
_MOST_SERVERS = 2_000


def inventory(machine: Machine) -> Html:
    """Two tables; of more servers than a page bears, those with the gravest findings."""
    agents, servers = machine.of(AiAgent), shown_servers(machine)
    return tag(
        "section",
        tag("h2", "Inventory"),
        filters("inventory", [*agents, *machine.of(McpServer)]),
        tag("h3", f"AI agents ({len(agents):,})"),
        table("AI agents", _AGENT, [_agent(machine, a) for a in capped(sorted_agents(machine), _MOST_AGENTS)]),
        left_out(len(agents), min(len(agents), _MOST_AGENTS), "agents"),
        tag("h3", f"MCP servers ({len(machine.of(McpServer)):,})"),
        table("MCP servers", _SERVER, [_server(machine, s) for s in servers]),
        left_out(len(machine.of(McpServer)), len(servers), "servers with no graver findings than these"),
        id="inventory",
    )


def sorted_agents(machine: Machine) -> list[AiAgent]:
    """Those with the gravest findings first."""
    return sorted(machine.of(AiAgent), key=lambda a: (machine.gravity(a), -a.servers, a.name, a.owner or ""))


def shown_servers(machine: Machine) -> list[McpServer]:
    """As many as a page bears, by name; those with the gravest findings are among them."""
    ranked = sorted(machine.of(McpServer), key=lambda s: (machine.gravity(s), s.name, s.agent, s.owner or "", s.id))
    return ranked[:_MOST_SERVERS]


def target(server: McpServer) -> str:
    """What a definition starts or talks to."""
    # As people write it: only in a purl the @ of a scope is escaped.
    return unquote(server.package or "") or server.url or " ".join((server.command or "", *server.args)).strip()


def state(server: McpServer) -> str:
    """Whether it runs, and why it may not."""
    if server.running:
        return "running"
    if not server.enabled:
        return "off"
    return "defined" if server.effective else "shadowed by another"


def reaches(server: McpServer) -> Html:
    """What it reads or writes, as far as that is known."""
    if not server.data:
        return Html("not known")
    return joined([joined("; " if n else "", f"{d.kind} ", code(d.target, 80)) for n, d in enumerate(server.data)])


def sanction(value: str) -> str:
    """What the policy says, in words."""
    return "says nothing" if value == "unknown" else value


def _agent(machine: Machine, agent: AiAgent) -> Html:
    severity = machine.worst(agent)
    seen = [word for word, is_so in (("running", agent.running), ("installed", agent.installed)) if is_so]
    cells = (
        tag("a", name(agent.name), href=f"#agent-{agent.id}"),
        name(agent.owner or "(machine)"),
        name(agent.version or "not known"),
        ", ".join(seen) or "configured",
        agent.servers,
        name(agent.accountable) if agent.accountable else "nobody known",
        sanction(agent.sanction),
        badge(severity) if severity else "none",
    )
    marks = {"owner": (agent.owner or "")[:80], "agent": agent.agent[:80], "severity": severity or "none"}
    return row(_AGENT, cells, class_="item", **{f"data_{name}": value for name, value in marks.items()})


def _server(machine: Machine, server: McpServer) -> Html:
    severity = machine.worst(server)
    cells = (
        tag("details", tag("summary", name(server.name)), _details(machine, server)),
        name(server.agent),
        name(server.owner or "(machine)"),
        code(target(server)),
        reaches(server),
        state(server),
        badge(severity) if severity else "none",
    )
    return row(
        _SERVER,
        cells,
        class_="item",
        id=f"server-{server.id}",
        data_owner=(server.owner or "")[:80],
        data_agent=server.agent[:80],
        data_severity=severity or "none",
    )


def _details(machine: Machine, server: McpServer) -> Html:
    return facts(
        (
            ("Stands in", joined(code(server.source.path), " at ", code(server.source.key))),
            ("Scope", joined(server.scope, " ", name(server.project or server.extension))),
            ("Transport", server.transport),
            ("Version pinned", {True: "yes", False: "no", None: ""}[server.pinned]),
            ("Command", code(" ".join((server.command or "", *server.args)).strip())),
            ("Connects to", code(server.remote_url)),
            ("Variables, by name", _names(server.env_names)),
            ("Headers, by name", _names(server.header_names)),
            ("Secret in clear text", "yes" if server.inline_secret else ""),
            ("Answers for it", name(server.accountable)),
            ("Policy", sanction(server.sanction)),
            ("Findings", "; ".join(finding.title for finding in machine.findings_of.get(server.id, ()))),
        )
    )


def _names(names: Iterable[str]) -> Html:
    return joined([joined(", " if n else "", code(one, 80)) for n, one in enumerate(capped(names, 40))])
