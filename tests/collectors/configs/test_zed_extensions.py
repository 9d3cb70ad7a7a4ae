"""Servers that extensions of Zed bring: their program stands in no file, but that they are there does."""

from __future__ import annotations

from pathlib import Path

from agent.correlation.precedence import resolve
from agent.records import McpServer
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from collectors.configs.collector import ConfigCollector
from tests.collectors.world import World

MANIFEST = (
    'id = "github"\nname = "GitHub"\n[context_servers.mcp-server-github]\n[context_servers.second]\nname = "Two"\n'
)


def test_an_installed_extension_and_what_settings_say_of_it(tmp_path: Path) -> None:
    world = World(tmp_path, Catalog.load().clients["zed"])
    world.write("~/.local/share/zed/extensions/installed/github/extension.toml", MANIFEST)
    world.write(
        "~/.config/zed/settings.json",
        {"context_servers": {"second": {"source": "extension", "enabled": False, "settings": {}}}},
    )
    records = [record for seen in ConfigCollector().collect(world.context) for record in seen.records]
    servers = [record for record in records if isinstance(record, McpServer)]
    found = {(s.name, s.scope, s.effective) for s in resolve(servers, world.catalog, DerivationCache())}
    assert found == {
        ("mcp-server-github", "extension", True),
        ("second", "extension", False),
        ("second", "user", False),
    }
