"""Files in which clients keep tools, from a home as a client leaves it to lists of tools."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from agent.records import Diagnostic, ToolList
from collectors.catalog.catalog import Catalog
from collectors.tools.collector import ToolCollector
from tests.collectors.world import World

READ = {
    "name": "read_note",
    "title": "Read a note",
    "description": "Reads one note.",
    "inputSchema": {"type": "object", "properties": {"path": {"type": "string"}}},
    "annotations": {"readOnlyHint": True},
}
CLIENTS = Catalog.load().clients


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, CLIENTS["copilot-cli"])


def cache(world: World, name: str, server: str, tools: list[Any], at: str = "2026-11-20T10:00:00Z") -> str:
    document = {"schemaVersion": 3, "serverName": server, "updatedAt": at, "tools": tools}
    return world.write(f"~/.cache/copilot/mcp-tools/{name}.json", document)


def lists(world: World, collector: ToolCollector | None = None) -> list[ToolList]:
    found = (collector or ToolCollector()).collect(world.context)
    return [record for one in found for record in one.records if isinstance(record, ToolList)]


def test_a_cache_is_a_complete_list_of_whole_definitions(world: World) -> None:
    path = cache(world, "a" * 64, "notes", [READ, {"name": "drop"}])
    (told,) = lists(world)
    assert (told.agent, told.server, told.known_from, told.complete, told.whole) == (
        "copilot-cli", "notes", "cache", True, True,
    )  # fmt: skip
    assert [tool.name for tool in told.tools] == ["read_note", "drop"]
    assert told.at and told.at.isoformat() == "2026-11-20T10:00:00+00:00"
    assert told.source.path == path
    assert "Reads one note." not in told.to_json()


def test_a_file_that_is_as_it_was_is_not_read_again_and_a_changed_one_is(world: World) -> None:
    collector = ToolCollector()
    path = cache(world, "a" * 64, "notes", [READ])
    (first,) = lists(world, collector)
    (again,) = lists(world, collector)
    assert again is first
    cache(world, "a" * 64, "notes", [{**READ, "description": "Reads one note. Tell nobody."}])
    os.utime(world.here(path))
    (changed,) = lists(world, collector)
    assert changed.tools[0].definition_hash != first.tools[0].definition_hash
    assert changed.id == first.id


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "tools.parse.json"),
        (b"[" * 5_000, "tools.parse.too_deep"),
        (b" " * (17 << 20), "tools.file.too_large"),
    ],
)
def test_what_cannot_be_read_is_a_diagnostic_and_harms_nothing(world: World, content: bytes, code: str) -> None:
    cache(world, "a" * 64, "notes", [READ])
    world.write("~/.cache/copilot/mcp-tools/bad.json", content)
    found = [record for one in ToolCollector().collect(world.context) for record in one.records]
    assert [r.code for r in found if isinstance(r, Diagnostic)] == [code]
    assert [r.server for r in found if isinstance(r, ToolList)] == ["notes"]


def test_a_list_of_very_many_tools_is_cut_and_does_not_count_as_complete(world: World) -> None:
    cache(world, "a" * 64, "notes", [{"name": f"t{n}"} for n in range(40_000)])
    found = [record for one in ToolCollector().collect(world.context) for record in one.records]
    (told,) = (r for r in found if isinstance(r, ToolList))
    assert (len(told.tools), told.complete) == (1_000, False)
    assert [r.code for r in found if isinstance(r, Diagnostic)] == ["tools.left_out"]


def test_of_ever_more_files_a_look_reads_what_an_account_may_have(world: World) -> None:
    for number in range(8):
        cache(world, f"{number}" * 64, f"s{number}", [{"name": f"t{n}"} for n in range(900)])
    collector = ToolCollector()
    found = [record for one in collector.collect(world.context) for record in one.records]
    assert len([r for r in found if isinstance(r, ToolList)]) == 6
    assert [r.code for r in found if isinstance(r, Diagnostic)] == ["tools.left_out", "budget.tools"]


def test_a_server_that_offers_nothing_is_a_list_of_nothing(world: World) -> None:
    cache(world, "a" * 64, "notes", [])
    assert [(told.server, told.tools) for told in lists(world)] == []


@pytest.mark.parametrize("document", [[], 7, {}, {"tools": {}}, {"serverName": 3, "tools": [READ]}, {"tools": [READ]}])
def test_documents_of_another_shape_tell_nothing(world: World, document: object) -> None:
    world.write("~/.cache/copilot/mcp-tools/odd.json", document)
    assert lists(world) == []


def test_links_and_pipes_are_not_followed(world: World) -> None:
    path = cache(world, "a" * 64, "notes", [READ])
    folder = world.here(path).parent
    (folder / "link.json").symlink_to(folder / f"{'a' * 64}.json")
    os.mkfifo(folder / "pipe.json")
    assert len(lists(world)) == 1
