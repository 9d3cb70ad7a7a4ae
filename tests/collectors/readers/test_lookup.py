"""Names of servers in one file, and what a catalogue beside it says of them."""

from __future__ import annotations

from pathlib import Path

from agent.records import McpServer
from collectors.catalog.catalog import Catalog
from collectors.configs.collector import ConfigCollector
from tests.collectors.world import World

CATALOGUE = """registry:
  search: {image: "mcp/search@sha256:%s", env: [{name: SEARCH_KEY}]}
  far: {remote: {url: "https://far.example/mcp", transport_type: http}}
  unused: {image: mcp/unused}
""" % ("0" * 64)


def servers(world: World) -> dict[str, McpServer]:
    found = (record for observed in ConfigCollector().collect(world.context) for record in observed.records)
    return {record.name: record for record in found if isinstance(record, McpServer)}


def test_only_what_the_registry_names_is_a_server_and_the_catalogue_says_which(tmp_path: Path) -> None:
    world = World(tmp_path, Catalog.load().clients["docker-mcp"])
    world.write("~/.docker/mcp/registry.yaml", "registry:\n  search: {ref: ''}\n  far:\n  lost: {ref: ''}\n")
    world.write("~/.docker/mcp/catalogs/docker-mcp.yaml", CATALOGUE)
    found = servers(world)
    assert found.keys() == {"search", "far", "lost"}
    assert (found["search"].transport, found["search"].pinned) == ("stdio", True)
    assert (found["search"].package or "").startswith("pkg:oci/")
    assert (found["far"].transport, found["far"].url) == ("http", "https://far.example/mcp")
    assert found["lost"].transport == "unknown"


def test_a_catalogue_that_cannot_be_read_leaves_the_names(tmp_path: Path) -> None:
    world = World(tmp_path, Catalog.load().clients["docker-mcp"])
    world.write("~/.docker/mcp/registry.yaml", "registry:\n  search: {ref: ''}\n")
    world.write("~/.docker/mcp/catalogs/docker-mcp.yaml", "registry: [")
    assert servers(world)["search"].transport == "unknown"
