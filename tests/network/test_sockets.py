"""What sockets add to the picture: edges from agents to the servers they talk to, and data that was really reached."""

from __future__ import annotations

from agent.correlation.correlate import correlate
from agent.network.name_cache import NameCache
from agent.network.sockets import network
from agent.records import Connection, DataSource, Instance, McpServer, Record
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from tests import made

CATALOG = Catalog.load()
REMOTE = made.server("linear", agent="claude-code", transport="http", url="https://mcp.linear.app/mcp")
LOCAL = made.server("local", agent="claude-code", transport="http", url="http://127.0.0.1:8000/mcp")
THEIRS = made.server("theirs", agent="cursor", transport="http", url="https://mcp.linear.app/mcp")
STDIO = made.server("db", agent="claude-code", data=(DataSource(kind="database", target="PostgreSQL"),))
AGENT = made.instance(7, agent="claude-code")
SERVER = made.instance(8, agent="claude-code", subject="mcp_server", server_ids=(STDIO.id,), parent_id=AGENT.id)


def after(*facts: Record, names: NameCache | None = None) -> dict[str, Record]:
    records = correlate((REMOTE, LOCAL, THEIRS, STDIO, AGENT, SERVER, *facts), CATALOG, live=True)
    return records | {record.id: record for record in network(records.values(), names, DerivationCache())}


def socket(instance: Instance, remote: str) -> Connection:
    return made.connection(instance.id, relation="established", remote=remote)


def edges(records: dict[str, Record], relation: str) -> set[tuple[str, str | None]]:
    found = [r for r in records.values() if isinstance(r, Connection) and r.relation == relation]
    return {(edge.from_id, edge.to_id) for edge in found}


def test_an_agent_is_connected_to_the_definitions_of_its_own_that_its_sockets_lead_to() -> None:
    names = NameCache()
    names.learn("mcp.linear.app", ["192.0.2.1"])
    records = after(socket(AGENT, "192.0.2.1:443"), socket(AGENT, "127.0.0.1:8000"), names=names)
    assert edges(records, "connected") == {(AGENT.id, REMOTE.id), (AGENT.id, LOCAL.id)}


def test_another_port_or_an_unnamed_address_is_no_server() -> None:
    assert edges(after(socket(AGENT, "192.0.2.1:443"), socket(AGENT, "127.0.0.1:8001")), "connected") == set()


def test_what_a_server_process_reaches_is_told_beside_what_is_declared() -> None:
    names = NameCache()
    names.learn("api.github.com", ["192.0.2.2"])
    sockets = [socket(SERVER, r) for r in ("10.0.0.5:5432", "192.0.2.2:443", "192.0.2.3:443", "127.0.0.1:9999")]
    server = after(*sockets, names=names)[STDIO.id]
    assert isinstance(server, McpServer)
    assert {(s.kind, s.target, s.basis) for s in server.data} == {
        ("database", "PostgreSQL", "declared"),
        ("database", "PostgreSQL 10.0.0.5", "observed"),
        ("saas", "GitHub", "observed"),
        ("network", "192.0.2.3", "observed"),
    }


def test_who_calls_a_server_from_outside_is_no_data_of_it() -> None:
    listening = made.connection(SERVER.id, local="0.0.0.0:8000")
    server = after(listening, socket(SERVER, "192.168.1.9:51000"))[STDIO.id]
    assert isinstance(server, McpServer) and server.data == STDIO.data


def test_without_sockets_nothing_is_added() -> None:
    records = after()
    assert edges(records, "connected") == set()
    server = records[STDIO.id]
    assert isinstance(server, McpServer) and server.data == STDIO.data
