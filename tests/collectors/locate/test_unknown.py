"""What holds servers in the usual places and is read by no client of the catalog: told as such, never nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.records import AiAgent, Diagnostic, McpServer, Record
from collectors.catalog.catalog import Catalog
from collectors.configs.collector import ConfigCollector
from tests.collectors.world import World, client

SERVERS = {"a": {"command": "node", "args": ["/opt/s.js"]}}
UNKNOWN = Catalog.load().clients["unknown"]
OWN = client(config=[{"scope": "user", "paths": ["~/.demo/mcp.json"], "servers": [{"at": "mcpServers"}]}])
STATE = {"kind": "project", "paths": ["~/.demo/state.json"], "at": "folders"}


def told(world: World) -> list[Record]:
    return [record for observed in ConfigCollector().collect(world.context) for record in observed.records]


def servers(world: World) -> list[tuple[str, str]]:
    return sorted((record.agent, record.source.path) for record in told(world) if isinstance(record, McpServer))


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("~/mcp.json", {"mcpServers": SERVERS}),
        ("~/my-mcp-servers.json", SERVERS),
        ("~/.newclient/mcp_config.json", {"servers": SERVERS}),
        ("~/.newclient/settings.json", {"theme": "dark", "mcpServers": SERVERS}),
        ("~/.config/newclient/mcp.json", {"mcp": SERVERS}),
        ("~/.config/newclient/config.json", {"mcp": {"servers": SERVERS}}),
        ("~/.config/newclient/config.yaml", "mcpServers:\n  a: {command: node}\n"),
        ("~/.newclient/config.toml", '[mcp_servers.a]\ncommand = "node"\n'),
        ("~/.newclient/config/mcp_config.json", {"mcpServers": SERVERS}),
        ("~/.newclient/settings/mcp_settings.json", {"mcpServers": SERVERS}),
        ("~/.newclient/config.json", {"tools": {"mcp": {"servers": SERVERS}}}),
        ("~/.config/newclient/functions/mcp.json", {"mcpServers": SERVERS}),
        ("~/.mcp/servers.json", {"servers": SERVERS}),
    ],
)
def test_a_client_that_nobody_knows_has_its_servers_told(tmp_path: Path, path: str, content: object) -> None:
    world = World(tmp_path, UNKNOWN, OWN)
    assert servers(world) == []
    assert servers(world) == [] and world.write(path, content)
    assert servers(world) == [("unknown", world.path(path))]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mcp.json", {"mcpServers": SERVERS}),
        ("mcp.yaml", "mcpServers:\n  a: {command: node}\n"),
        ("mcp.toml", '[mcp_servers.a]\ncommand = "node"\n'),
        (".newclient/mcp.json", {"mcpServers": SERVERS}),
        (".newclient/settings.json", {"mcpServers": SERVERS}),
        ("config/mcp.json", {"mcpServers": SERVERS}),
    ],
)
def test_a_project_may_hold_one_too(tmp_path: Path, name: str, content: object) -> None:
    world = World(tmp_path, UNKNOWN, client(config=[], roots=[STATE]))
    world.write("~/.demo/state.json", {"folders": ["/srv/p"]})
    world.write(f"/srv/p/{name}", content)
    assert servers(world) == [("unknown", f"/srv/p/{name}")]


def test_what_lies_beside_a_clients_file_is_read_as_nobodys(tmp_path: Path) -> None:
    deep = client(config=[{"scope": "user", "paths": ["~/.demo/a/b/mcp.json"], "servers": [{"at": "mcpServers"}]}])
    world = World(tmp_path, UNKNOWN, deep)
    world.write("~/.demo/a/b/mcp-old.json", {"mcpServers": SERVERS})
    assert servers(world) == [("unknown", "/home/dev/.demo/a/b/mcp-old.json")]
    assert not [record for record in told(world) if isinstance(record, Diagnostic)]


def test_what_a_client_reads_is_the_clients(tmp_path: Path) -> None:
    world = World(tmp_path, UNKNOWN, OWN)
    world.write("~/.demo/mcp.json", {"mcpServers": SERVERS})
    assert servers(world) == [("demo", "/home/dev/.demo/mcp.json")]


@pytest.mark.parametrize("content", ["{", "[]", "{}", {"mcpServers": {"a": 7}}, {"scripts": {"a": {"command": "x"}}}])
def test_a_file_of_that_name_without_servers_is_named(tmp_path: Path, content: object) -> None:
    world = World(tmp_path, UNKNOWN, OWN)
    world.write("~/.newclient/mcp.json", content)
    codes = [record.code for record in told(world) if isinstance(record, Diagnostic)]
    assert (servers(world), codes) == ([], ["catalog.unknown_file"])


def test_other_files_of_other_programs_say_nothing_and_make_no_agent(tmp_path: Path) -> None:
    world = World(tmp_path, UNKNOWN, OWN)
    world.write("~/.config/program/config.json", {"formatters": {"a": {"command": "x"}}})
    world.write("~/.config/program/settings.json", "{broken")
    assert not [record for record in told(world) if isinstance(record, AiAgent | Diagnostic | McpServer)]
