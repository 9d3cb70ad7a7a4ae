"""Servers of one name, of almost one name, and of names that become one in the names of tools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agent.governance.findings import Assessor
from agent.governance.policy.model import Policy
from agent.governance.rules.registry import RULES
from agent.governance.rules.rule import RuleContext
from agent.records import McpServer
from collectors.catalog.catalog import Catalog
from tests import made
from tests.counting import LINEAR, growth

BY_ID = {rule.id: rule for rule in RULES}


def server(name: str, package: str, agent: str = "demo", **fields: Any) -> McpServer:
    given = {"package": f"pkg:npm/{package}", "launch_hash": package.ljust(64, "0"), **fields}
    path = f"/{agent}/{fields.get('project')}/{package}"
    return made.server(name, path, agent=agent, **given)


def told(id: str, *servers: McpServer, policy: Policy | None = None) -> list[str | None]:
    facts = RuleContext({server.id: server for server in servers}, policy or Policy(), Catalog(()))
    return [proof.value for server in servers for proof in BY_ID[id].check(server, facts)]


def test_one_name_for_two_servers_in_two_clients_is_told_once() -> None:
    assert told("server.differs", server("db", "a"), server("db", "b", "other")) == ["npm:b"]
    assert not told("server.differs", server("db", "a"), server("db", "a", "other", launch_hash="1" * 64))
    assert not told("server.differs", server("db", "a"), server("db", "b", "other", owner="eve"))


def test_in_two_projects_one_name_may_mean_two_servers() -> None:
    one, other = server("db", "a", project="/p"), server("db", "b", "other", project="/q")
    assert not told("server.differs", one, other)
    assert told("server.differs", one, server("db", "b", "other", project="/p"))
    assert told("server.differs", one, server("db", "b", "other"))


def test_a_bridge_to_a_server_is_that_server() -> None:
    direct = made.server("v", "/a", transport="http", url="https://mcp.x.test/", launch_hash="1" * 64)
    bridge = server("v", "mcp-remote", "other", remote_url="https://mcp.x.test/")
    assert not told("server.differs", direct, bridge)


def test_a_server_under_a_managed_ones_name_is_told_in_every_account() -> None:
    managed = server("crm", "genuine", scope="managed", owner=None)
    assert told("server.impostor", managed, server("crm", "fake", "other", owner="eve")) == ["npm:genuine"]
    assert not told("server.impostor", managed, server("crm", "genuine", "other"))
    assert not told("server.impostor", managed, server("crm", "fake", "other", sanction="sanctioned"))


def test_a_name_that_the_policy_gives_to_one_server_is_no_other_ones() -> None:
    policy = Policy.model_validate({"server": [{"name": "crm", "package": "npm:genuine"}]})
    assert told("server.impostor", server("crm", "fake"), policy=policy) == ["npm:genuine"]
    assert not told("server.impostor", server("crm", "genuine", sanction="sanctioned"), policy=policy)
    assert not told("server.impostor", server("erp", "fake"), policy=policy)


def test_names_of_one_client_that_are_easily_confused_are_told_once() -> None:
    assert told("server.confusable", server("github", "a"), server("githud", "b")) == ["githud"]
    assert not told("server.confusable", server("github", "a"), server("githud", "b", "other"))
    assert not told("server.confusable", server("github", "a"), server("githud", "a"))
    assert not told("server.confusable", server("postgres1", "a"), server("postgres2", "b"))
    assert not told("server.confusable", server("db-a", "a"), server("db-b", "b"))
    assert not told("server.confusable", server("github", "a", project="/p"), server("githud", "b", project="/q"))
    assert told("server.confusable", server("git", "a"), server("g\u0456t", "b"))


def test_names_that_become_one_in_the_names_of_tools_are_told_once() -> None:
    assert told("server.same_tools", server("a-b", "x"), server("a_b", "y")) == ["a_b"]
    assert told("server.same_tools", server("a b", "x"), server("a.b", "y")) == ["a.b"]
    assert not told("server.same_tools", server("a-b", "x"), server("a_b", "y", "other"))
    assert not told("server.same_tools", server("a-b", "x"), server("a-c", "y"))
    assert not told("server.confusable", server("my-db", "x"), server("my_db", "y"))


def test_what_is_switched_off_collides_with_nothing() -> None:
    off = server("githud", "b", effective=False)
    assert not told("server.confusable", server("github", "a"), off)
    assert not told("server.differs", server("db", "a"), server("db", "b", "other", effective=False))


def assessing(servers: list[McpServer]) -> Callable[[], object]:
    records = {record.id: record for record in (made.owner(), *servers)}
    return lambda: Assessor(RULES, Policy()).assess(RuleContext(records, Policy(), Catalog(())), {})


def ordinary(count: int) -> list[McpServer]:
    return [server(f"srv{n}x", f"package-{n}", pinned=True) for n in range(count)]


def same(count: int) -> list[McpServer]:
    return [server("db", f"package-{n}", f"client-{n % 5}", project=f"/p{n}") for n in range(count)]


def alike(count: int) -> list[McpServer]:
    return [server(f"server-{'abcdefghij'[n % 10]}{n // 10:03}-x", f"q-{n}") for n in range(count)]


def of_one_prefix(count: int) -> list[McpServer]:
    return [server(f"a{'-_.:'[n % 4]}b", f"package-{n}") for n in range(count)]


@pytest.mark.parametrize("named", [ordinary, same, alike, of_one_prefix])
def test_four_times_the_servers_cost_about_four_times_as_much(named: Callable[[int], list[McpServer]]) -> None:
    """However they are named: each compared with each would cost sixteen times as much."""
    assert growth(lambda count: assessing(named(count)), 250) < LINEAR
