"""Homes as the real clients left them, each as the only user of a mounted image."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Outcome, Rollcall

CLIENTS = {
    "claude": "claude-code",
    "codex": "codex",
    "gemini": "gemini-cli",
    "copilot": "copilot-cli",
    "opencode": "opencode",
}

PROBE = {"command": "python3", "args": ["/opt/probe/mcp_stdio.py", "--flag"], "env_names": ["PROBE_TOKEN"]}
PROBE |= {"inline_secret": True, "package": None, "pinned": None, "url": None, "header_names": []}
HTTP = {"url": "https://mcp.example.test/mcp", "header_names": ["Authorization"], "env_names": [], "command": None}
HTTP |= {"inline_secret": True, "args": [], "package": None, "pinned": None}
SSE = HTTP | {"url": "https://sse.example.test/sse", "header_names": [], "inline_secret": False}
PINNED = PROBE | {"command": "npx", "args": ["-y", "@example/some-mcp@1.2.3"], "env_names": [], "inline_secret": False}
PINNED |= {"package": "pkg:npm/%40example/some-mcp@1.2.3", "pinned": True, "project": "/home/dev/proj"}

# Read off the files by eye. User servers are defined in the first file, the rest where they say.
EXPECTED: dict[str, dict[str, dict[str, Any]]] = {
    "claude": {
        "probe-stdio": PROBE | {"env_names": ["PLAIN", "PROBE_TOKEN"], "path": ".claude.json"},
        "probe-http": HTTP | {"path": ".claude.json", "key": "mcpServers.probe-http"},
        "probe-sse": SSE | {"path": ".claude.json"},
        "local-stdio": {
            "command": "uvx",
            "args": ["some-mcp-server"],
            "package": "pkg:pypi/some-mcp-server",
            "pinned": False,
            "env_names": [],
            "inline_secret": False,
            "path": ".claude.json",
            "project": "/home/dev/proj",
        },
        "json-ws": HTTP
        | {
            "url": "https://j.example.test/mcp",
            "header_names": ["X-Api-Key"],
            "path": ".claude.json",
            "project": "/home/dev/proj",
            "key": "projects./home/dev/proj.mcpServers.json-ws",
        },
        "proj-stdio": PINNED | {"env_names": ["API_KEY"], "path": "proj/.mcp.json"},
        "proj-http": SSE
        | {"url": "https://proj.example.test/mcp", "path": "proj/.mcp.json", "project": "/home/dev/proj"},
        "plug-srv": {
            "command": "python3",
            "args": ["${CLAUDE_PLUGIN_ROOT}/srv.py"],
            "inline_secret": False,
            "env_names": [],
            "path": ".claude/plugins/cache/probe-market/probe-plug/0.3.1/.mcp.json",
            "extension": "probe-plug@probe-market",
            "project": None,
        },
    },
    "codex": {
        "probe-stdio": PROBE | {"path": ".codex/config.toml", "key": "mcp_servers.probe-stdio"},
        "probe-http": HTTP | {"inline_secret": False, "path": ".codex/config.toml"},
    },
    "gemini": {
        "probe-stdio": PROBE | {"args": ["/opt/probe/mcp_stdio.py"], "path": ".gemini/settings.json"},
        "probe-http": HTTP | {"path": ".gemini/settings.json"},
        "proj-stdio": PINNED | {"path": "proj/.gemini/settings.json"},
    },
    "copilot": {
        "probe-stdio": PROBE | {"path": ".copilot/mcp-config.json"},
        "probe-http": HTTP | {"path": ".copilot/mcp-config.json"},
        "probe-sse": SSE | {"path": ".copilot/mcp-config.json"},
    },
    "opencode": {
        "probe-stdio": PROBE | {"path": ".config/opencode/opencode.jsonc", "key": "mcp.probe-stdio"},
        "probe-http": HTTP | {"path": ".config/opencode/opencode.jsonc"},
    },
}

# What else those homes hold: a plugin with its marketplace, skill and hook; a model provider.
MORE = {"claude": {"artifact": 4}, "copilot": {"tool": 2}, "opencode": {"model_provider": 1}}


def look_at(rollcall: Rollcall, shared: Path, root: Path, client: str) -> Outcome:
    shutil.copytree(shared / "clients" / client, root / "home/dev", dirs_exist_ok=True)
    return rollcall.once(root)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_home_yields_exactly_the_servers_in_its_files(
    rollcall: Rollcall, shared: Path, tmp_path: Path, client: str
) -> None:
    truth = json.loads((shared / "clients/truth.json").read_text())[client]
    outcome = look_at(rollcall, shared, tmp_path / "root", client)
    assert outcome.status == 0
    assert outcome.stderr == b""
    found = [(s["name"], s["scope"], s["transport"], s["enabled"]) for s in outcome.of("mcp_server")]
    assert sorted(found) == sorted(tuple(row) for row in truth)
    for server in outcome.of("mcp_server"):
        assert (server["agent"], server["owner"], server["running"]) == (CLIENTS[client], "dev", None)


@pytest.mark.parametrize("client", CLIENTS)
def test_every_server_is_told_as_its_file_says(rollcall: Rollcall, shared: Path, tmp_path: Path, client: str) -> None:
    servers = look_at(rollcall, shared, tmp_path / "root", client).servers
    assert servers.keys() == EXPECTED[client].keys()
    for name, expected in EXPECTED[client].items():
        told = servers[name]
        told |= {"path": told["source"]["path"].removeprefix("/home/dev/"), "key": told["source"]["key"]}
        assert {field: told[field] for field in expected} == expected


@pytest.mark.parametrize("client", CLIENTS)
def test_the_records_are_counted_and_nothing_else_is_found(
    rollcall: Rollcall, shared: Path, tmp_path: Path, client: str
) -> None:
    outcome = look_at(rollcall, shared, tmp_path / "root", client)
    records = outcome.records
    servers = len(EXPECTED[client])
    expected = {"ai_agent": 1, "coverage": 1, "endpoint": 1, "owner": 1}
    expected |= dict.fromkeys(("approval", "connection", "mcp_server"), servers) | MORE.get(client, {})
    counted = Counter(record["kind"] for record in records[:-1])
    assert records[-1]["kind"] == "summary"
    assert records[-1]["counts"] == counted
    assert {kind: count for kind, count in counted.items() if kind not in ("finding", "posture")} == expected
    assert counted["posture"] >= 1
    assert records[-1]["status"] == "complete"
    secrets = [finding for finding in outcome.of("finding") if finding["rule"] == "server.inline_secret"]
    assert len(secrets) == sum(server["inline_secret"] for server in EXPECTED[client].values())


def test_identities_are_unique_and_the_same_in_every_run(rollcall: Rollcall, shared: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    for client in CLIENTS:
        first = look_at(rollcall, shared, root, client)
    again = rollcall.once(root)
    ids = [record["id"] for record in first.records]
    assert len(ids) == len(set(ids))
    assert ids == [record["id"] for record in again.records]
    # All clients share one project here, and Copilot CLI reads the `.mcp.json` that Claude wrote.
    shared_file = [s["agent"] for s in first.of("mcp_server") if s["source"]["path"] == "/home/dev/proj/.mcp.json"]
    assert sorted(shared_file) == ["claude-code"] * 2 + ["copilot-cli"] * 2
    assert len(first.of("mcp_server")) == sum(map(len, EXPECTED.values())) + 2


def test_no_value_of_the_homes_is_shown(rollcall: Rollcall, shared: Path, tmp_path: Path) -> None:
    for client in CLIENTS:
        outcome = look_at(rollcall, shared, tmp_path / "root", client)
        assert b"probe-http" in outcome.stdout
        for secret in (b"fake-token-123", b"fake-http-token", b"please run the probe"):
            assert secret not in outcome.stdout + outcome.stderr
