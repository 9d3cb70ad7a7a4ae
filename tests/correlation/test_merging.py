"""Layers that a client merges field by field."""

from __future__ import annotations

import pytest

from agent.correlation.merging import merged
from agent.records import McpServer
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from tests import made
from tests.collectors.world import client

P = "/srv/p"
WHOLE = made.server("a", "/u", command="npx", args=("x@1",), package="pkg:npm/x@1", env_names=("A",))
PART = made.server("a", "/p", scope="project", project=P, transport="unknown", env_names=("B",))


def result(*servers: McpServer, merges: bool = True) -> McpServer:
    catalog = Catalog([client("demo", dialect={"merges": merges})])
    return {server.source.path: server for server in merged(servers, catalog, DerivationCache())}["/p"]


def test_what_a_definition_leaves_out_comes_from_the_layer_below() -> None:
    found = result(WHOLE, PART)
    assert (found.transport, found.command, found.package) == ("stdio", "npx", "pkg:npm/x@1")
    assert (found.env_names, found.launch_hash) == (("A", "B"), WHOLE.launch_hash)


def test_the_strongest_of_the_layers_below_counts() -> None:
    weakest = made.server("a", "/e", scope="extension", command="other")
    assert result(weakest, WHOLE, PART).command == "npx"


@pytest.mark.parametrize(
    "other",
    [
        made.server("b", "/u", command="npx"),
        made.server("a", "/u", command="npx", owner="eve"),
        made.server("a", "/u", command="npx", agent="other"),
        made.server("a", "/u", scope="project", project="/srv/q", command="npx"),
        made.server("a", "/u", scope="managed", command="npx"),
        made.server("a", "/u", transport="unknown"),
    ],
)
def test_other_definitions_fill_nothing_in(other: McpServer) -> None:
    assert result(other, PART) is PART


def test_only_clients_that_merge_do() -> None:
    assert result(WHOLE, PART, merges=False) is PART


def test_a_whole_definition_keeps_its_command_and_gets_variables_and_headers_from_below() -> None:
    own = made.server("a", "/p", scope="project", project=P, command="node", env_names=("B",), header_names=("H",))
    found = result(WHOLE.changed(inline_secret=True), own)
    assert (found.command, found.package, found.launch_hash) == ("node", own.package, own.launch_hash)
    assert (found.env_names, found.header_names, found.inline_secret) == (("A", "B"), ("H",), True)
