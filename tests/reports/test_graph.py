"""The graph of one machine: complete, a tree for a person, and safe whatever names it shows."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agent.records import DataSource, Record
from agent.reports.graph import Graph, build
from agent.reports.report import GRAPH
from tests import made

CLAUDE = made.agent("claude-code", version="2.1.0", running=True)
GITHUB = made.server("github", agent="claude-code", running=True, data=(DataSource(kind="saas", target="GitHub"),))
GATE = made.server("gate", agent="claude-code", transport="http")
BEHIND = made.server("behind", agent="docker-mcp")
RUNS = made.instance(7, agent="claude-code")
SERVES = made.instance(8, agent="claude-code", subject="mcp_server", server_ids=(GITHUB.id,), parent_id=RUNS.id)
SHADOW = made.instance(9, agent="claude-code", subject="mcp_server", name="shadow-mcp", parent_id=RUNS.id)
LONE = made.instance(10, agent=None, subject="mcp_server", name="lone-mcp", owner="ann")
EDGES = (
    made.connection(CLAUDE.id, relation="configured", to_id=GITHUB.id),
    made.connection(CLAUDE.id, relation="configured", to_id=GATE.id),
    made.connection(GATE.id, relation="serves", to_id=BEHIND.id),
    made.connection(RUNS.id, relation="running", to_id=SERVES.id),
    made.connection(RUNS.id, relation="running", to_id=SHADOW.id),
    made.connection(RUNS.id, relation="connected", to_id=GATE.id),
    made.connection(SERVES.id, local="0.0.0.0:8000", exposure="any"),
    made.connection(
        RUNS.id, relation="established", remote="192.0.2.1:443", host="api.anthropic.com", purpose="model_provider"
    ),
)
AGENTS: tuple[Record, ...] = (made.agent("claude-code", version="2.1.0", running=True, name="Claude Code"),)
ALL: tuple[Record, ...] = (*AGENTS, GITHUB, GATE, BEHIND, RUNS, SERVES, SHADOW, LONE, *EDGES)
HOSTILE = ('"];x[label="', "a\\", "\\N \\G \\l", "<b>&quot;</b>", "a\nb\x1b[31mc", "n0 -> n1", "}", "x" * 10_000, "é∑")


def whole(graph: Graph, form: str) -> str:
    return "".join(f"{line}\n" for line in GRAPH.lines(graph, form))


def text(graph: Graph) -> str:
    return whole(graph, "text")


def dot(graph: Graph) -> str:
    return whole(graph, "dot")


def as_json(graph: Graph) -> str:
    return whole(graph, "json")


def test_the_tree_goes_from_owner_over_agent_and_server_to_what_is_reached() -> None:
    assert text(build(ALL)) == (
        "ann\n"
        "└─ lone-mcp (running, pid 10, no definition)\n"
        "dev\n"
        "└─ Claude Code 2.1.0 (running)\n"
        "   ├─ gate (http, user, connected)\n"
        "   │  └─ behind (stdio, user, serves)\n"
        "   ├─ github (stdio, user, running)\n"
        "   │  ├─ saas: GitHub (declared)\n"
        "   │  └─ 0.0.0.0:8000 (any)\n"
        "   ├─ shadow-mcp (running, pid 9, no definition)\n"
        "   └─ api.anthropic.com:443 (model provider)\n"
    )


def test_json_holds_every_edge_of_the_connection_records_between_known_nodes() -> None:
    graph = json.loads(as_json(build(ALL)))
    ids = {node["id"] for node in graph["nodes"]}
    edges = {(edge["from"], edge["to"], edge["relation"]) for edge in graph["edges"]}
    assert all(start in ids and end in ids for start, end, _ in edges)
    assert (CLAUDE.id, GITHUB.id, "configured") in edges and (CLAUDE.id, GITHUB.id, "running") in edges
    assert (CLAUDE.id, SHADOW.id, "running") in edges and (GATE.id, BEHIND.id, "serves") in edges
    assert {relation for _, _, relation in edges} == {e.relation for e in EDGES} | {"has", "reaches"}


def test_a_process_without_agent_record_and_a_server_without_agent_hang_below_their_owner() -> None:
    tree = text(build((RUNS, SHADOW, GITHUB, made.connection(RUNS.id, relation="running", to_id=SHADOW.id))))
    assert tree.startswith("dev\n├─ demo (running, pid 7)\n│  └─ shadow-mcp")
    assert "└─ github" in tree


def test_gateways_that_lead_to_each_other_are_shown_once() -> None:
    gates = [made.server(f"g{number}", agent="claude-code") for number in range(40)]
    edges = [made.connection(a.id, relation="serves", to_id=b.id) for a in gates for b in gates if a is not b]
    start = made.connection(CLAUDE.id, relation="configured", to_id=gates[0].id)
    tree = text(build((*AGENTS, *gates, *edges, start)))
    assert len(tree.splitlines()) <= 2 + 40 * 40
    assert "…" in tree


def test_an_empty_inventory_is_no_error() -> None:
    assert text(build(())) == "No AI agents found.\n"
    assert json.loads(as_json(build(()))) == {"nodes": [], "edges": []}


def hostile() -> tuple[Record, ...]:
    servers = [made.server(name, path=f"/{n}", agent="claude-code") for n, name in enumerate(HOSTILE)]
    sources = tuple(DataSource(kind="filesystem", target=name) for name in HOSTILE)
    servers.append(made.server("data", path="/d", agent="claude-code", data=sources))
    return (*AGENTS, *servers, *(made.connection(CLAUDE.id, relation="configured", to_id=s.id) for s in servers))


def test_a_hostile_name_brings_no_control_sequence_and_no_new_line() -> None:
    tree = text(build(hostile()))
    assert len(tree.splitlines()) == 2 + len(HOSTILE) * 2 + 1
    assert all(char.isprintable() or char == "\n" for char in tree + dot(build(hostile())))


@pytest.mark.skipif(not shutil.which("dot"), reason="needs graphviz")
def test_graphviz_draws_exactly_our_nodes_edges_and_labels() -> None:
    graph = build(hostile())
    drawn = subprocess.run(["dot", "-Tjson"], input=dot(graph), capture_output=True, text=True, check=True, timeout=60)
    assert drawn.stderr == ""
    parsed = json.loads(drawn.stdout)
    assert len(parsed["objects"]) == len(graph.nodes) and len(parsed["edges"]) == len(graph.edges)
    svg = subprocess.run(["dot", "-Tsvg"], input=dot(graph), capture_output=True, text=True, check=True, timeout=60)
    assert svg.stdout.count('class="node"') == len(graph.nodes)
    assert "<b>&amp;quot;</b>" not in svg.stdout and "&lt;b&gt;&amp;quot;&lt;/b&gt;" in svg.stdout
    assert ">\\N \\G \\l" in svg.stdout


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "agent", "graph", "--root", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2])


def test_the_command_prints_the_graph_of_a_machine(tmp_path: Path) -> None:
    home = tmp_path / "home/dev"
    home.mkdir(parents=True)
    server = {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "/srv/data"]}
    (home / ".claude.json").write_text(json.dumps({"mcpServers": {"files": server}}), encoding="utf-8")
    tree = run(tmp_path)
    assert (tree.returncode, tree.stderr) == (0, "")
    assert "dev\n└─ Claude Code\n   └─ files (stdio, user)\n      └─ filesystem: /srv/data (declared)\n" in tree.stdout
    assert json.loads(run(tmp_path, "--format", "json").stdout)["edges"]
    assert run(tmp_path, "--format", "dot").stdout.startswith("digraph rollcall {")
    assert run(tmp_path / "absent").returncode == 2
