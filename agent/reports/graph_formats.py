"""A graph as a tree for a person, as DOT for graphviz, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from agent.reports.graph import Graph, Node
from agent.runtime.terminal import plain, plain_json

_MAX_LABEL = 120
_MAX_INDENT = 60
_SHAPES = {
    "owner": "house",
    "agent": "box",
    "server": "ellipse",
    "undeclared": "octagon",
    "tool": "component",
    "effect": "diamond",
    "data": "cylinder",
    "remote": "note",
    "socket": "component",
}
_PLAIN = ("has", "offers", "configured", "running", "reaches", "established", "listening")
"""Relations that the place in the tree says already."""


_Below = dict[str, dict[str, tuple[Node, list[str]]]]
"""Of each node by id what it leads to, with the relations."""


def as_json(graph: Graph) -> Iterator[str]:
    """`{"nodes": [{id, kind, label, notes}], "edges": [{from, to, relation}]}`, both in a stable order."""
    nodes = [{"id": n.id, "kind": n.kind, "label": n.label, "notes": list(n.notes)} for n in _nodes(graph)]
    edges = [{"from": e.start, "to": e.end, "relation": e.relation} for e in graph.edges]
    yield from plain_json(json.dumps({"nodes": nodes, "edges": edges}, indent=1, ensure_ascii=False)).split("\n")


def dot(graph: Graph) -> Iterator[str]:
    """A digraph. Ids are numbers and labels are quoted, so that no name can be read as syntax."""
    ids = {node.id: f"n{number}" for number, node in enumerate(_nodes(graph))}
    yield from ("digraph rollcall {", "  rankdir=LR;", "  node [fontname=sans, fontsize=10];", "  edge [fontsize=8];")
    for node in _nodes(graph):
        yield f"  {ids[node.id]} [shape={_SHAPES[node.kind]}, label={_quoted(_label(node))}];"
    for edge in graph.edges:
        yield f"  {ids[edge.start]} -> {ids[edge.end]} [label={_quoted(edge.relation)}];"
    yield "}"


def text(graph: Graph) -> Iterator[str]:
    """One tree per owner."""
    below: _Below = {start: {} for start in graph.nodes}
    for edge in graph.edges:
        end = graph.nodes[edge.end]
        if end.kind != "effect":  # a tool's own line says it
            # Several relations to one node are one branch.
            below[edge.start].setdefault(edge.end, (end, []))[1].append(edge.relation)
    lines: list[str] = []
    for node in _nodes(graph):
        if node.kind == "owner":
            lines.append(_label(node))
            _branch(below, node.id, "", {node.id}, lines)
    yield from lines or ["No AI agents found."]


def _branch(below: _Below, start: str, indent: str, shown: set[str], lines: list[str]) -> None:
    """What a node leads to is shown once: gateways may lead to each other and back."""
    branches = below[start]
    for number, (node, relations) in enumerate(branches.values(), 1):
        last = number == len(branches)
        said = [relation for relation in relations if relation not in _PLAIN]
        more = bool(below[node.id])
        deeper = more and node.id not in shown and len(indent) < _MAX_INDENT
        lines.append(f"{indent}{'└─ ' if last else '├─ '}{_label(node, said)}{' …' if more and not deeper else ''}")
        if deeper:
            shown.add(node.id)
            _branch(below, node.id, indent + ("   " if last else "│  "), shown, lines)


def _label(node: Node, more: list[str] | None = None) -> str:
    notes = [*node.notes, *(more or ())]
    return _printable(node.label) + (f" ({_printable(', '.join(notes))})" if notes else "")


def _printable(name: str) -> str:
    shown = plain(name)
    return shown if len(shown) <= _MAX_LABEL else shown[: _MAX_LABEL - 1] + "…"


def _quoted(label: str) -> str:
    """In DOT a backslash starts an escape of the label language, so it is doubled before the quotes are escaped.
    Entities are read in labels too."""
    escaped = label.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _nodes(graph: Graph) -> list[Node]:
    return sorted(graph.nodes.values(), key=lambda node: (node.kind, node.label, node.id))
