"""Who holds what and what that reaches: a picture of the whole, and a tree that opens where somebody looks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from agent.records import Tool
from agent.reports.graph import Graph, Node, build
from agent.reports.html.elements import Html, badge, joined, left_out, name, tag
from agent.reports.html.exposure import EXPOSED
from agent.reports.html.picture import picture
from agent.reports.html.subject import Machine

_MOST = 3_000
_MOST_BELOW = 150
_DEEPEST = 8
_FEW_OWNERS = 5


def topology(machine: Machine) -> Html:
    """Owner, agent, server, and data or remote host."""
    tree = _Tree(machine, build(machine.records))
    return tag(
        "section",
        tag("h2", "Who reaches what"),
        picture(machine),
        tag("h3", "Every agent and server"),
        tag("p", "Open an agent to see its servers, and a server to see what it reaches.", class_="fine"),
        tree.html(),
        id="topology",
    )


class _Tree:
    def __init__(self, machine: Machine, graph: Graph) -> None:
        self._machine = machine
        self._nodes = graph.nodes
        self._below: dict[str, dict[str, list[str]]] = defaultdict(dict)
        for edge in graph.edges:
            self._below[edge.start].setdefault(edge.end, []).append(edge.relation)
        self._tools: dict[str, list[Tool]] = defaultdict(list)
        for tool in machine.of(Tool):
            for id_ in tool.server_ids:
                self._tools[id_].append(tool)
        self._room = _MOST
        self._shown: set[str] = set()
        self._count = 0
        self._few = True

    def html(self) -> Html:
        owners = sorted((n for n in self._nodes.values() if n.kind == "owner"), key=lambda n: n.label)
        self._few = len(owners) <= _FEW_OWNERS
        branches = [self._branch(owner, (), 0) for owner in owners]
        made = tag("ul", branches, class_="tree") if branches else tag("p", "No AI agents found.")
        return joined(made, left_out(len(self._nodes), self._count, "nodes of the tree"))

    def _branch(self, node: Node, relations: Sequence[str], depth: int) -> Html:
        """What a node leads to is shown once: gateways may lead to each other and back."""
        self._count += node.id not in self._shown
        known = node.id in self._shown
        self._shown.add(node.id)
        self._room -= 1
        below = {} if known or depth > _DEEPEST else self._below.get(node.id, {})
        record = self._machine.by_id.get(node.id)
        worst = self._machine.worst(record) if record else None
        label = joined(
            tag("span", node.kind, class_=f"kind {node.kind}"), " ", name(node.label, 120), _notes(node, relations),
            joined(" ", badge(worst)) if worst else None,
        )  # fmt: skip
        tools = _tools(self._tools[node.id]) if node.id in self._tools and not known else []
        if not below and not tools:
            return tag("li", label, " (shown above)" if known and self._below.get(node.id) else None)
        ranked = sorted(below, key=self._gravity)[:_MOST_BELOW]
        made = [self._branch(self._nodes[id_], below[id_], depth + 1) for id_ in ranked if self._room > 0]
        more = len(below) - len(made)
        told = tag("li", f"and {more:,} more", class_="left-out") if more else None
        summary = tag("summary", label, tag("span", f" {len(below):,}" if below else None, class_="fine"))
        return tag("li", tag("details", summary, tag("ul", tools, made, told), open=depth == 0 and self._few))

    def _gravity(self, id_: str) -> int:
        record = self._machine.by_id.get(id_)
        return self._machine.gravity(record) if record else 1


def _tools(tools: Sequence[Tool]) -> list[Html]:
    """A line for each way in which the model may come to call them, the least safe first."""
    by_exposure = {exposure: [t.name for t in tools if t.exposure == exposure] for exposure in EXPOSED}
    return [
        tag("li", tag("span", "tools", class_="kind"), f" {EXPOSED[exposure]}: ", name(", ".join(names), 500))
        for exposure, names in by_exposure.items()
        if names
    ]


def _notes(node: Node, relations: Sequence[str]) -> Html:
    said = [*node.notes, *(r for r in relations if r in ("connected", "serves"))]
    return joined(tag("span", f" {', '.join(said)}"[:300], class_="fine")) if said else Html("")
