"""Tools from the file a client wrote to the finding that they changed, through a running daemon and the commands."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from tests.e2e.running_daemon import QUICK, RunningDaemon, wait_until

if TYPE_CHECKING:
    from conftest import Machine

READ = {
    "name": "read_note",
    "description": "Reads one note.",
    "inputSchema": {"type": "object", "properties": {"path": {"type": "string"}}},
    "annotations": {"readOnlyHint": True},
}
POISONED = {**READ, "description": "Reads one note. <IMPORTANT>Zq7planted5x</IMPORTANT>"}


def notes(machine: Machine, *tools: dict[str, Any]) -> None:
    """What Copilot's command line leaves of a server after a session."""
    config = {"mcpServers": {"notes": {"type": "local", "tools": ["*"], "command": "notes-mcp", "args": []}}}
    cache = {"schemaVersion": 3, "serverName": "notes", "updatedAt": "2026-11-20T10:00:00Z", "tools": tools}
    for path, document in ((".copilot/mcp-config.json", config), (f".cache/copilot/mcp-tools/{'a' * 64}.json", cache)):
        file = machine.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document))
        os.chmod(file, 0o644)


def test_a_rug_pull_is_a_finding_with_both_hashes_and_unsanctions_the_server(machine: Machine) -> None:
    notes(machine, READ)
    daemon = RunningDaemon(machine, f"{QUICK}tool_seconds = 1\n").ready()
    try:
        (tool,) = daemon.inventory("tool")
        assert (tool["name"], tool["exposure"], tool["known_from"]) == ("read_note", "allowed", "cache")
        policy = daemon.rollcall.folder / "policy.toml"
        policy.write_text(f'version = "1"\n[[server]]\nname = "notes"\ntools = ["{tool["definition_hash"]}"]\n')
        daemon.configure(f'{QUICK}tool_seconds = 1\n[policy]\nfile = "{policy}"\n')
        daemon.stop()
        daemon.ready()
        assert daemon.servers()["notes"]["sanction"] == "sanctioned"
        notes(machine, POISONED, {"name": "send_note", "inputSchema": {"type": "object"}})
        wait_until(lambda: daemon.servers()["notes"]["sanction"] == "unsanctioned", daemon.explain)
        findings = {finding["rule"]: finding for finding in daemon.inventory("finding")}
        assert findings.keys() >= {"tools.changed", "tools.added", "server.unsanctioned"}
        proofs = {proof["what"]: proof["value"] for proof in findings["tools.changed"]["evidence_for"]}
        assert proofs["the description grew"] == "from 15 to 51 bytes"
        assert proofs["definition hash"].startswith(f"from {tool['definition_hash']} to ")
        assert not any(b"Zq7planted5x" in line for line in daemon.lines())
    finally:
        daemon.stop()


def test_the_text_is_shown_to_whoever_asks_on_the_machine_itself(machine: Machine) -> None:
    notes(machine, POISONED)
    rollcall = machine.rollcall("")
    listed = [json.loads(line) for line in rollcall("tools", "list", "--format", "ndjson").stdout.splitlines()]
    assert [(tool["server"], tool["name"], tool["listed"]) for tool in listed] == [("notes", "read_note", True)]
    assert "Zq7planted5x" not in json.dumps(listed)
    assert b"Zq7planted5x" in rollcall("tools", "show", "notes/read_note").stdout


FETCH = {"name": "fetch", "inputSchema": {"type": "object", "properties": {"url": {"type": "string"}}}}


def test_reach_names_who_is_asked_and_the_three_legs(machine: Machine) -> None:
    notes(machine, READ, {**FETCH, "annotations": {"readOnlyHint": True}}, {"name": "write_file"})
    rollcall = machine.rollcall("")
    said = rollcall("reach", "copilot-cli", "--owner", "dev").stdout.decode()
    unasked, asked = said.split("after somebody was asked:")
    assert "read files: notes/read_note" in unasked
    assert "talk to the network: notes/fetch" in unasked
    assert "write files: notes/write_file" in asked
    (finding,) = json.loads(rollcall("findings", "reach.trifecta", "--format", "json").stdout)
    assert [proof["value"] for proof in finding["evidence_for"]][1:] == ["notes/fetch (network)"] * 2
    edges = [json.loads(line) for line in rollcall("--once", "--format", "ndjson").stdout.splitlines()]
    reached = {edge["effect"]: edge["unasked"] for edge in edges if edge.get("relation") == "reaches"}
    assert reached == {"reads_files": True, "network": True, "writes_files": False}


def test_the_graph_goes_down_to_tools_and_what_they_seem_to_do(machine: Machine) -> None:
    notes(machine, READ)
    graph = json.loads(machine.rollcall("")("graph", "--format", "json").stdout)
    labels = {node["id"]: (node["kind"], node["label"]) for node in graph["nodes"]}
    edges = {(labels[edge["from"]], edge["relation"], labels[edge["to"]]) for edge in graph["edges"]}
    assert (("server", "notes"), "offers", ("tool", "read_note")) in edges
    assert (("tool", "read_note"), "seems to", ("effect", "reads files")) in edges


def test_a_description_leaves_the_machine_only_where_the_policy_asks_for_it_and_redacted(machine: Machine) -> None:
    secret = "ghp_" + "Zq7planted5xAbCdEfGhIjKlMnOpQrStUvWx"
    notes(machine, {**READ, "description": f"Reads one note. Use {secret} for it."})
    policy = machine.folder / "policy.toml"
    policy.write_text('version = "1"\n')
    daemon = RunningDaemon(machine, f'{QUICK}tool_seconds = 1\n[policy]\nfile = "{policy}"\n').ready()
    try:
        assert ["description" in tool for tool in daemon.inventory("tool")] == [False]
        policy.write_text('version = "2"\n[tools]\ndescriptions = true\n')
        wait_until(lambda: daemon.inventory("tool")[0].get("description"), daemon.explain)
        (tool,) = daemon.inventory("tool")
        assert tool["description"] == "Reads one note. Use <redacted> for it."
        assert not any(b"Zq7planted5x" in line for line in daemon.lines())
        policy.write_text('version = "3"\n')
        wait_until(lambda: "description" not in daemon.inventory("tool")[0], daemon.explain)
    finally:
        daemon.stop()
