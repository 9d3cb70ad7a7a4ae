"""Behind a gateway stand the servers that it is itself configured with."""

from __future__ import annotations

from typing import Any

import pytest

from agent.gateways import fan_out
from agent.records import McpServer
from collectors.catalog.schema import Catalog
from tests import made
from tests.collectors.world import client

CATALOG = Catalog(
    [client("demo"), client("gate", kind="gateway", gateway=["npm:gate", "command:gate run", "command:gated"])]
)
BEHIND = (made.server("a", "/g", agent="gate"), made.server("b", "/g", agent="gate"))


def edges(front: McpServer, *behind: McpServer) -> list[tuple[str, str, str | None]]:
    return [(edge.relation, edge.from_id, edge.to_id) for edge in fan_out([front, *behind], CATALOG)]


@pytest.mark.parametrize(
    "fields",
    [
        {"command": "npx", "args": ("-y", "gate@1.2.3"), "package": "pkg:npm/gate@1.2.3"},
        {"command": "/usr/local/bin/gated"},
        {"command": "gate", "args": ("run", "--port", "1")},
        {"command": "C:\\tools\\gate.exe", "args": ("run",)},
    ],
)
def test_a_definition_that_starts_a_gateway_serves_all_of_its_servers(fields: dict[str, Any]) -> None:
    front = made.server("gate", **fields)
    assert edges(front, *BEHIND) == [("serves", front.id, behind.id) for behind in BEHIND]


@pytest.mark.parametrize(
    "fields",
    [
        {"command": "gate", "args": ("help",)},
        {"command": "npx", "args": ("gate-other",), "package": "pkg:npm/gate-other"},
        {"command": "x", "args": ("gate", "run")},
        {"url": "https://gate.example/mcp", "transport": "http"},
    ],
)
def test_other_definitions_serve_nothing(fields: dict[str, Any]) -> None:
    assert edges(made.server("gate", **fields), *BEHIND) == []


def test_another_accounts_servers_are_not_behind_it_and_the_machines_are() -> None:
    front = made.server("gate", command="gated")
    theirs, everyones = (made.server("a", "/g", agent="gate", owner=owner) for owner in ("eve", None))
    assert edges(front, theirs, everyones) == [("serves", front.id, everyones.id)]


def test_a_gateway_is_not_behind_itself() -> None:
    assert edges(made.server("gate", agent="gate", command="gated"), *BEHIND) == []


def test_without_gateways_in_the_catalog_there_are_no_edges() -> None:
    assert list(fan_out([made.server(command="gated"), *BEHIND], Catalog([client("demo")]))) == []
