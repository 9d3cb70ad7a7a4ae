"""The inventory as a person reads it."""

from __future__ import annotations

from typing import Any

import pytest

from agent.records import Evidence, LookScope, Record, Summary
from agent.reports import table
from tests import made


def lines(*records: Record) -> list[str]:
    return list(table.lines(records))


def row(*records: Record, containing: str) -> list[str]:
    (found,) = [line for line in lines(*records) if containing in line]
    return found.split()


def summary(**fields: Any) -> Summary:
    given = {"status": "complete", "counts": {"ai_agent": 1, "mcp_server": 2}, "collector_seconds": {}, **fields}
    scope = given.pop("scope", LookScope(machine="e", rights="machine"))
    return Summary(endpoint_id="e", evidence=Evidence(collector="rollcall"), duration_seconds=0.5, scope=scope, **given)


def test_an_empty_inventory_says_so() -> None:
    assert lines() == ["No AI agents found.", "", "No MCP servers found."]


def test_an_agent_has_a_row() -> None:
    agent = made.agent(name="Demo", version="1.2", installed=True, servers=3)
    assert row(agent, containing="Demo")[:5] == ["Demo", "dev", "1.2", "yes", "3"]
    assert row(made.agent(name="Demo", owner=None), containing="Demo")[1] == "(machine)"


@pytest.mark.parametrize(
    ("fields", "target"),
    [
        ({"package": "pkg:npm/a@1", "command": "npx"}, "pkg:npm/a@1"),
        ({"url": "https://h/mcp", "transport": "http"}, "https://h/mcp"),
        ({"command": "serve", "args": ("--all",)}, "serve --all"),
        ({}, "-"),
    ],
)
def test_a_server_is_shown_by_its_package_address_or_command(fields: dict[str, Any], target: str) -> None:
    # A column in which nothing stands is left out: beside another server it is there.
    other = made.server("other", command="o")
    (line,) = [line for line in lines(made.server("files", **fields), other) if "files" in line]
    assert f" {target} " in line


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"running": True, "enabled": False}, "running"),
        ({"enabled": False, "effective": False}, "disabled"),
        ({"effective": False}, "shadowed"),
        ({"running": False}, "-"),
    ],
)
def test_a_server_is_running_disabled_shadowed_or_none_of_these(fields: dict[str, Any], state: str) -> None:
    running = made.server("other", running=True)
    assert row(made.server("files", **fields), running, containing="files")[-1] == state


def test_a_scope_names_its_project_or_plugin() -> None:
    assert "/srv/p" in row(made.server("files", scope="project", project="/srv/p"), containing="files")
    assert "plug" in row(made.server("files", scope="extension", extension="plug"), containing="files")


def test_what_runs_without_a_definition_is_listed_apart() -> None:
    shadow = made.instance(77, subject="mcp_server", package="npm:weather-mcp")
    known = made.instance(78, subject="mcp_server", server_ids=("x",), package="npm:known")
    text = "\n".join(lines(shadow, known, made.instance(79)))
    assert "Running without a definition" in text and "npm:weather-mcp" in text
    assert "npm:known" not in text and "79" not in text


def test_a_warning_names_the_place() -> None:
    found = made.diagnostic(severity="error", path="/home/dev/x.json", line=3, column=7)
    assert "  error: /home/dev/x.json:3:7: it is wrong [parse.json]" in lines(found)


def test_the_last_lines_sum_it_up() -> None:
    text = lines(
        made.owner(), made.owner("eve", reach="out_of_reach"), summary(status="partial", out_of_reach=("eve",))
    )
    assert text[-2] == "1 agent, 2 MCP servers, 0 running instances in 1 home; partial, 0.50 s"
    assert text[-1].endswith("the homes of eve")


def test_columns_stand_below_each_other() -> None:
    head, *rows = [line for line in lines(made.agent("a", name="Aaaaaaa"), made.agent("b", name="B")) if line][:3]
    assert {line[head.index("OWNER") :].split()[0] for line in rows} == {"dev"}


def test_no_name_can_write_to_the_terminal_or_break_the_table() -> None:
    evil = "\x1b[2J\x1b]0;x\x07\r\n\u202e\x9b"
    records = [
        made.server(evil, command=evil, extension=evil, scope="extension"), made.agent(name=evil, version=evil),
        made.diagnostic(evil, message=evil, path=f"/home/{evil}", severity="error"), summary(out_of_reach=(evil,)),
        made.instance(9, subject="mcp_server", package=evil, owner=evil),
    ]  # fmt: skip
    assert all(line.isprintable() for line in lines(*records))


def test_a_long_name_is_cut() -> None:
    assert max(map(len, lines(made.server("x" * 5_000)))) < 500
