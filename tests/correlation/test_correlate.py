"""Definitions, processes, sockets and agents joined to one picture."""

from __future__ import annotations

from typing import Any

import pytest

from agent.correlation.correlate import correlate
from agent.records import AiAgent, Connection, Instance, McpServer, Record
from collectors.catalog.catalog import Catalog
from tests import made
from tests.collectors.world import client

CATALOG = Catalog([client("demo"), client("other")])


class Picture:
    """The inventory that follows from some facts."""

    def __init__(self, *facts: Record, live: bool = True) -> None:
        self.records = correlate(facts, CATALOG, live)
        self.agents = {(r.owner, r.agent): r for r in self.records.values() if isinstance(r, AiAgent)}
        self.servers = {r.name: r for r in self.records.values() if isinstance(r, McpServer)}
        self.instances = {r.pid: r for r in self.records.values() if isinstance(r, Instance)}

    def edges(self, relation: str) -> set[tuple[str, str | None]]:
        found = [r for r in self.records.values() if isinstance(r, Connection) and r.relation == relation]
        return {(edge.from_id, edge.to_id) for edge in found}


def serving(pid: int, *servers: McpServer, **fields: Any) -> Instance:
    ids = tuple(server.id for server in servers)
    return made.instance(pid, subject="mcp_server", name="files", server_ids=ids, **fields)


def test_an_agent_counts_its_servers_and_is_joined_to_each() -> None:
    one, two = made.server("one"), made.server("two", scope="project", project="/srv/p")
    picture = Picture(made.agent(), one, two, made.server("theirs", owner="eve"))
    agent = picture.agents["dev", "demo"]
    assert (agent.servers, agent.running) == (2, False)
    assert {(agent.id, one.id), (agent.id, two.id)} <= picture.edges("configured")
    assert picture.agents["eve", "demo"].servers == 1


def test_a_client_that_only_holds_definitions_is_an_agent_too() -> None:
    picture = Picture(made.server(path="/home/dev/shared.json", agent="other"))
    agent = picture.agents["dev", "other"]
    assert (agent.installed, agent.servers, agent.paths) == (False, 1, ("/home/dev/shared.json",))
    assert agent.evidence.confidence == "inferred"


def test_a_client_that_only_runs_is_installed_and_running() -> None:
    picture = Picture(made.instance(exe="/opt/demo/demo"))
    agent = picture.agents["dev", "demo"]
    assert (agent.installed, agent.running, agent.paths) == (True, True, ("/opt/demo/demo",))
    assert agent.evidence.confidence == "confirmed"


def test_a_client_that_the_catalog_does_not_know_becomes_no_agent() -> None:
    assert Picture(made.server(agent="gone"), made.instance(agent="gone")).agents == {}


@pytest.mark.parametrize("live", [True, False])
def test_running_is_told_only_where_processes_were_looked_at(live: bool) -> None:
    server = made.server()
    picture = Picture(server, *([serving(7, server)] if live else []), live=live)
    assert picture.servers["files"].running is (True if live else None)


@pytest.mark.parametrize(
    ("fields", "running"),
    [
        ({}, False),
        ({"transport": "http", "url": "http://localhost:8931/mcp"}, False),
        ({"transport": "http", "url": "http://[::1]:8931/mcp"}, False),
        ({"transport": "http", "url": "https://mcp.example/mcp"}, None),
        ({"transport": "http", "url": "http://localhost/mcp"}, None),
        ({"transport": "http", "url": "http://localhost:99999/mcp"}, None),
        ({"transport": "http", "url": "http://[::1/mcp"}, None),
        ({"transport": "http", "url": "http://${HOST}:8931/mcp"}, None),
        ({"transport": "unknown"}, None),
    ],
)
def test_what_no_process_was_joined_to_does_not_run_if_it_would_run_here(
    fields: dict[str, Any], running: bool | None
) -> None:
    assert Picture(made.server(**fields)).servers["files"].running is running


@pytest.mark.parametrize(
    ("url", "local", "joined"),
    [
        ("http://127.0.0.1:8931/mcp", "127.0.0.1:8931", True),
        ("http://localhost:8931/mcp", "[::1]:8931", True),
        ("http://localhost:8931/mcp", "0.0.0.0:8931", True),
        ("http://localhost:8931/mcp", "127.0.0.1:8932", False),
        ("http://mcp.example:8931/mcp", "127.0.0.1:8931", False),
    ],
)
def test_a_server_that_listens_where_a_definition_points_is_what_it_means(url: str, local: str, joined: bool) -> None:
    server = made.server(transport="http", url=url)
    instance = serving(7)
    picture = Picture(server, instance, made.connection(instance.id, local=local))
    assert picture.instances[7].server_ids == ((server.id,) if joined else ())
    assert (picture.servers["files"].running is True) == joined


def test_another_accounts_server_on_that_port_is_not_what_it_means() -> None:
    server = made.server(transport="http", url="http://localhost:8931/mcp")
    instance = serving(7, owner="eve")
    picture = Picture(server, instance, made.connection(instance.id, local="127.0.0.1:8931", owner="eve"))
    assert picture.servers["files"].running is False


def test_an_agent_that_listens_there_is_no_server() -> None:
    server = made.server(transport="http", url="http://localhost:8931/mcp")
    agent = made.instance(7)
    picture = Picture(server, agent, made.connection(agent.id, local="127.0.0.1:8931"))
    assert picture.instances[7].server_ids == ()


def test_a_server_that_runs_under_an_agent_is_joined_to_it() -> None:
    agent = made.instance(5)
    below, alone = serving(7, parent_id=agent.id), serving(8)
    assert Picture(agent, below, alone).edges("running") == {(agent.id, below.id)}


def test_a_definition_that_vanished_leaves_its_instance() -> None:
    gone = made.server("gone")
    picture = Picture(serving(7, gone))
    assert 7 in picture.instances and picture.servers == {}


def test_the_same_facts_in_another_order_are_the_same_picture() -> None:
    server = made.server()
    facts = [made.agent(), server, made.server("two", owner=None), serving(7, server), made.instance(5), made.owner()]
    one, two = Picture(*facts).records, Picture(*facts[::-1]).records
    assert one.keys() == two.keys() and all(one[id].same_facts(two[id]) for id in one)


def test_a_picture_of_its_own_records_is_the_same() -> None:
    server = made.server()
    facts = [made.agent(), server, serving(7, server, parent_id=made.instance(5).id), made.instance(5), made.owner()]
    once = Picture(*facts).records
    again = Picture(*once.values()).records
    assert once.keys() == again.keys() and all(once[id].same_facts(again[id]) for id in once)
