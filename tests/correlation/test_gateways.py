"""Behind a gateway stand the servers that it is itself configured with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from agent.correlation.gateways import fan_out
from agent.records import Connection, Diagnostic, McpServer
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from tests import made
from tests.collectors.world import client

CATALOG = Catalog(
    [client("demo"), client("gate", kind="gateway", gateway=["npm:gate", "command:gate run", "command:gated"])]
)
BEHIND = (made.server("a", "/g", agent="gate"), made.server("b", "/g", agent="gate"))


def in_order(servers: Sequence[McpServer]) -> list[McpServer]:
    return sorted(servers, key=lambda server: server.id)


def edges(front: McpServer, *behind: McpServer) -> list[tuple[str, str, str | None]]:
    return [(edge.relation, edge.from_id, edge.to_id) for edge in connections(front, *behind)]


def connections(*servers: McpServer, catalog: Catalog = CATALOG) -> list[Connection]:
    return [record for record in fan_out(servers, catalog, DerivationCache()) if isinstance(record, Connection)]


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
    assert edges(front, *BEHIND) == [("serves", front.id, behind.id) for behind in in_order(BEHIND)]


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
    assert connections(made.server(command="gated"), *BEHIND, catalog=Catalog([client("demo")])) == []


TWO = Catalog(
    [
        client("demo"),
        client("gate", kind="gateway", gateway=["command:gated"]),
        client("other", kind="gateway", gateway=["command:othered"]),
    ]
)


def test_gateways_behind_gateways_lead_on_also_in_a_circle() -> None:
    front = made.server("front", command="gated")
    first = made.server("first", "/g", agent="gate", command="othered")
    second = made.server("second", "/o", agent="other", command="gated")
    found = {(edge.from_id, edge.to_id) for edge in connections(front, first, second, catalog=TWO)}
    assert found == {(front.id, first.id), (first.id, second.id), (second.id, first.id)}


def test_of_two_thousand_servers_around_one_gateway_some_are_joined_and_what_is_left_out_is_said() -> None:
    fronts = [made.server(f"front {number}", command="gated") for number in range(1_000)]
    behind = [made.server(f"behind {number}", "/g", agent="gate") for number in range(1_000)]
    found = list(fan_out([*fronts, *behind], CATALOG, DerivationCache()))
    *kept, said = found
    # mypy: `in_order` returns what it was given.
    assert len(kept) == 5_000 and {edge.from_id for edge in kept} == {f.id for f in in_order(fronts)[:5]}  # type: ignore[union-attr]
    assert isinstance(said, Diagnostic) and (said.code, said.agent, said.owner) == ("gateway.truncated", "gate", "dev")
    assert said.message == "5 of 1000 definitions that start it are joined to 1000 of 1000 servers behind it"


def test_two_thousand_servers_with_a_gateway_in_every_project_are_all_joined() -> None:
    fronts = [made.server(f"front {number}", command="gated") for number in range(40)]
    behind = [made.server(f"behind {number}", "/g", agent="gate") for number in range(100)]
    others = [made.server(f"other {number}", command="npx") for number in range(1_860)]
    found = connections(*fronts, *behind, *others)
    assert {(edge.from_id, edge.to_id) for edge in found} == {(f.id, b.id) for f in fronts for b in behind}


def test_of_more_servers_than_can_be_shown_behind_one_definition_the_count_is_said() -> None:
    front = made.server("front", command="gated")
    behind = [made.server(f"behind {number}", "/g", agent="gate") for number in range(5_001)]
    *kept, said = fan_out([front, *behind], CATALOG, DerivationCache())
    assert len(kept) == 5_000 and isinstance(said, Diagnostic)
    assert said.message == "1 of 1 definitions that start it are joined to 5000 of 5001 servers behind it"


def test_what_was_joined_before_is_the_same_edge_still() -> None:
    memo, front = DerivationCache(), made.server("gate", command="gated")
    before = list(fan_out([front, *BEHIND], CATALOG, memo))
    memo.turn()
    assert [a is b for a, b in zip(before, fan_out([front, *BEHIND], CATALOG, memo), strict=True)] == [True, True]
