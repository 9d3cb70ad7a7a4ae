"""The tree of who reaches what."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from agent.records import Connection, DataSource, Evidence, Record, Tool
from agent.reports.html.subject import Machine
from agent.reports.html.topology import topology
from tests import made

AGENT = made.agent("demo", servers=2)
NOTES, FILES = made.server("notes", data=(DataSource(kind="saas", target="GitHub"),)), made.server("files")


def tool(name: str, exposure: Any = "ask") -> Tool:
    return Tool(
        endpoint_id="e", owner="dev", evidence=Evidence(collector="tools"), agent="demo", server="files", name=name,
        server_ids=(FILES.id,), exposure=exposure, known_from="cache",
    )  # fmt: skip


def edges(*servers: Any) -> list[Connection]:
    return [made.connection(AGENT.id, relation="configured", to_id=server.id) for server in servers]


def told(*records: Record) -> str:
    page = topology(Machine(records, "a test", datetime(2026, 1, 1, tzinfo=UTC)))
    return " ".join(re.sub(r"<[^>]*>", " ", page[page.index("Every agent") :]).split())


def test_below_an_owner_stand_the_agent_its_servers_and_what_these_reach() -> None:
    text = told(AGENT, NOTES, FILES, *edges(NOTES, FILES))
    assert re.search(r"owner dev .*agent Demo .*server files .*server notes .*data saas: GitHub", text)


def test_a_server_names_its_tools_by_how_they_are_called() -> None:
    text = told(AGENT, FILES, *edges(FILES), tool("read"), tool("write", "allowed"), tool("list"))
    assert re.search(r"server files .*tools runs unasked: write tools somebody is asked: read, list", text)


def test_servers_that_lead_to_each_other_end() -> None:
    both = [
        made.connection(NOTES.id, relation="serves", to_id=FILES.id),
        made.connection(FILES.id, relation="serves", to_id=NOTES.id),
    ]
    assert "(shown above)" in told(AGENT, NOTES, FILES, *edges(NOTES), *both)


def test_of_more_servers_than_a_branch_bears_the_others_are_counted() -> None:
    servers = [made.server(f"s{n}") for n in range(160)]
    assert "and 10 more" in told(AGENT, *servers, *edges(*servers))
