"""Plug-ins without a manifest of their own: what their marketplace says of them counts, and of no others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.records import McpServer
from collectors.catalog.catalog import Catalog
from collectors.configs.collector import ConfigCollector
from tests.collectors.world import World

CACHE = "~/.claude/plugins/cache/mk/one/1"


@pytest.mark.parametrize(
    ("entry", "files", "found"),
    [
        ({"strict": False, "mcpServers": {"inl": {"command": "node"}}}, {}, ["inl"]),
        ({"mcpServers": "./conf/a.json"}, {"conf/a.json": {"mcpServers": {"byp": {"command": "node"}}}}, ["byp"]),
        ({"mcpServers": ["conf/a.json", "../../out.json"]}, {"conf/a.json": {"byp": {"command": "node"}}}, ["byp"]),
        # Seen with 2.1.197: what has a manifest of its own goes by that one alone.
        ({"mcpServers": {"inl": {"command": "node"}}}, {".claude-plugin/plugin.json": {"name": "one"}}, []),
        ({"name": "other", "mcpServers": {"inl": {"command": "node"}}}, {}, []),
        ({"mcpServers": {"inl": {"command": "node"}}}, {".mcp.json": {"own": {"command": "node"}}}, ["inl", "own"]),
    ],
)  # fmt: skip
def test_the_entry_of_an_installed_plug_in(
    tmp_path: Path, entry: dict[str, Any], files: dict[str, Any], found: list[str]
) -> None:
    world = World(tmp_path, Catalog.load().clients["claude-code"])
    cache = world.folder(CACHE)
    world.write("~/.claude/plugins/installed_plugins.json", {"plugins": {"one@mk": [{"installPath": cache}]}})
    world.write("~/.claude/plugins/known_marketplaces.json", {"mk": {"installLocation": "/srv/mk"}})
    world.write("/srv/mk/.claude-plugin/marketplace.json", {"plugins": [7, {"name": "one", **entry}]})
    world.write("~/.claude/plugins/cache/out.json", {"mcpServers": {"out": {"command": "node"}}})
    for path, content in files.items():
        world.write(f"{CACHE}/{path}", content)
    records = [record for seen in ConfigCollector().collect(world.context) for record in seen.records]
    servers = [record for record in records if isinstance(record, McpServer)]
    assert sorted(server.name for server in servers) == found
    assert {(server.scope, server.extension) for server in servers} <= {("extension", "one@mk")}
