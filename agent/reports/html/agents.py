"""One agent after the other: what it may do, its servers, what it did, and what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from agent.records import AiAgent, Artifact, Instance, McpServer, ModelProvider, Posture, Tool
from agent.reports.html.activity import Activity
from agent.reports.html.elements import Html, badge, capped, code, facts, joined, left_out, name, tag
from agent.reports.html.events import Event
from agent.reports.html.exposure import EXPOSED, LEAST_SAFE
from agent.reports.html.inventory import sanction, shown_servers, sorted_agents, target
from agent.reports.html.permissions import rules_in_words, words
from agent.reports.html.subject import Machine
from agent.reports.html.timeline import events_list

_MOST = 300
_MOST_OF_EACH = 25

T = TypeVar("T", Artifact, Instance, McpServer, ModelProvider, Posture, Tool, Activity, Event)


class _Grouped(Generic[T]):
    """Records by the agent and account that they belong to."""

    def __init__(self, items: Iterable[T]) -> None:
        self._found: dict[tuple[str | None, str | None], list[T]] = defaultdict(list)
        for item in items:
            self._found[item.owner, item.agent].append(item)

    def of(self, agent: AiAgent) -> list[T]:
        return self._found.get((agent.owner, agent.agent), [])


def agents(machine: Machine) -> Html:
    """A part for each agent of each account, closed until it is asked for."""
    parts = _Parts(machine)
    shown = capped(sorted_agents(machine), _MOST)
    return tag(
        "section",
        tag("h2", "Agents, one by one"),
        joined([parts.agent(agent) for agent in shown]) or tag("p", "No AI agents found."),
        left_out(len(machine.of(AiAgent)), len(shown), "agents"),
        id="agents",
    )


class _Parts:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._with_row = {server.id for server in shown_servers(machine)}
        self._servers = _Grouped(sorted(machine.of(McpServer), key=lambda s: (machine.gravity(s), s.name)))
        self._postures = _Grouped([p for p in machine.of(Posture) if p.basis != "configured"])
        self._tools = _Grouped(
            sorted(machine.of(Tool), key=lambda tool: (LEAST_SAFE.index(tool.exposure), tool.server))
        )
        self._artifacts = _Grouped(machine.of(Artifact))
        self._providers = _Grouped(machine.of(ModelProvider))
        self._instances = _Grouped([i for i in machine.of(Instance) if i.subject == "agent"])
        self._activities = _Grouped(machine.activities)
        self._events = _Grouped(machine.events)

    def agent(self, agent: AiAgent) -> Html:
        servers, worst = self._servers.of(agent), self._machine.worst(agent)
        summary = tag(
            "summary", tag("b", name(agent.name)), " of ", name(agent.owner or "(machine)"),
            tag("span", f" {agent.servers:,} servers "), badge(worst) if worst else None,
        )  # fmt: skip
        return tag(
            "details",
            summary,
            self._about(agent),
            self._findings(agent),
            _part("What it may do", [_posture(p) for p in self._postures.of(agent)]),
            _part("MCP servers", [self._server(s) for s in servers]),
            _part("Tools", [_tool(t) for t in self._tools.of(agent)], "No tool of its servers is known."),
            _part("Skills, hooks, plug-ins and rules", [_artifact(a) for a in self._artifacts.of(agent)]),
            _part("Models come from", [_provider(p) for p in self._providers.of(agent)]),
            _part("Running", [_instance(i) for i in self._instances.of(agent)]),
            _part("What it did", [_activity(a) for a in self._activities.of(agent)], self._machine.actions_from),
            tag("h3", "What changed"),
            events_list(self._events.of(agent)[:_MOST_OF_EACH]) or tag("p", "Nothing is known.", class_="fine"),
            id=f"agent-{agent.id}",
            class_="agent",
        )

    def _about(self, agent: AiAgent) -> Html:
        return facts(
            (
                ("Made by", name(agent.vendor)),
                ("Version", name(agent.version)),
                ("Seen at", joined([joined(" ", code(path)) for path in agent.paths[:5]])),
                ("Answers for it", name(agent.accountable) if agent.accountable else "nobody known"),
                ("Policy", sanction(agent.sanction)),
                ("The organisation's role", agent.role),
                ("In scope", "yes" if agent.in_scope else "no"),
            )
        )

    def _findings(self, agent: AiAgent) -> Html:
        """About itself and what it may do; those about its servers stand there."""
        ids = [agent.id, *(posture.id for posture in self._postures.of(agent))]
        found = [f for id_ in dict.fromkeys(ids) for f in self._machine.findings_of.get(id_, ())]
        items = [
            joined(badge(f.severity), " ", name(f.title), ": ", name(f.subject), ". ", f.remediation) for f in found
        ]
        return _part("Findings", items) if items else Html("")

    def _server(self, server: McpServer) -> Html:
        link = tag("a", name(server.name), href=f"#server-{server.id}") if server.id in self._with_row else None
        found = self._machine.findings_of.get(server.id, ())
        worst = joined(" ", badge(found[0].severity)) if found else None
        return joined(link or name(server.name), " ", code(target(server), 100), worst)


def _part(title: str, items: Sequence[Html], nothing: str = "None.") -> Html:
    listed = tag("ul", [tag("li", item) for item in items[:_MOST_OF_EACH]]) if items else None
    more = f"And {len(items) - _MOST_OF_EACH:,} more." if len(items) > _MOST_OF_EACH else None
    return joined(tag("h3", title), listed or tag("p", nothing, class_="fine"), tag("p", more) if more else None)


def _posture(posture: Posture) -> Html:
    where = joined(" in ", code(posture.project)) if posture.project else ""
    seen = " as it was seen to run" if posture.basis == "observed" else ""
    return joined(
        tag("b", words(posture.approval_mode)), where, seen, f", sandbox {words(posture.sandbox)}",
        f", network {words(posture.network)}, set by {posture.set_by}", rules_in_words(posture.rules),
    )  # fmt: skip


def _tool(tool: Tool) -> Html:
    called = f", called {tool.called.times:,} times" if tool.called else ""
    effects = f", effects it seems to have: {', '.join(tool.effects).replace('_', ' ')}" if tool.effects else ""
    gone = ", no longer offered" if tool.state == "gone" else ""
    changed = ", not what it was when first seen" if tool.pinned else ""
    return joined(
        code(tool.name), " of ", name(tool.server), f": {EXPOSED[tool.exposure]}{effects}{called}{changed}{gone}"
    )


def _artifact(artifact: Artifact) -> Html:
    return joined(
        f"{artifact.artifact} ", name(artifact.name), " ", code(artifact.program or artifact.source.path, 100)
    )


def _provider(provider: ModelProvider) -> Html:
    models = f": {', '.join(provider.models[:5])}" if provider.models else ""
    return joined(name(provider.provider), name(models), " ", code(provider.base_url))


def _instance(instance: Instance) -> Html:
    flags = joined(", with ", code(" ".join(instance.bypass_flags))) if instance.bypass_flags else None
    return joined(f"pid {instance.pid} since {instance.started_at:%Y-%m-%d %H:%M} UTC in ", code(instance.cwd), flags)


def _activity(done: Activity) -> Html:
    kinds = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in done.kinds.most_common(8))
    servers = ", ".join(f"{server} ({count:,})" for server, count in done.servers.most_common(5))
    last = f", the last one {done.last:%Y-%m-%d %H:%M} UTC" if done.last else ""
    return joined(
        f"{done.calls:,} actions in {len(done.sessions):,} sessions{last}: {kinds}. Nobody was asked about "
        f"{done.unasked:,}, {done.denied:,} were refused, {done.failed:,} failed.",
        joined(" Servers used: ", name(servers), ".") if servers else None,
    )
