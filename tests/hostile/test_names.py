"""One file under many names is one file, and much work in one file holds nobody up."""

import os

import pytest

from tests.hostile.world import MOST_RESIDENT, SECONDS, World

MANY = 1500 if SECONDS else 300


def test_a_project_spelled_in_many_ways_is_one_project(world: World) -> None:
    spellings = ["/home/alice" + "".join("/." if bit == "1" else "//" for bit in f"{n:b}") + "/p" for n in range(MANY)]
    world.put("alice", {
        ".claude.json": {"projects": {name: {} for name in spellings}},
        "p/.mcp.json": {"mcpServers": {f"s{n}": {"command": "npx", "args": [f"pkg{n}"]} for n in range(20)}},
    })  # fmt: skip
    (world.home("alice") / "q").symlink_to("p")
    world.put("alice", {".codex/config.toml": '[projects."/home/alice/q"]\ntrust_level = "trusted"\n'})
    found = [record for record in world.once() if record["kind"] == "mcp_server" and record["owner"] == "alice"]
    paths = {record["source"]["path"] for record in found}
    assert paths == {"/home/alice/p/.mcp.json"}
    assert len({(record["agent"], record["name"]) for record in found}) == len(found)


def test_hard_links_to_a_large_file_hold_nobody_up(world: World) -> None:
    world.put("alice", {".claude/commands/0.md": b"\0" * 16_000_000})
    folder = world.home("alice") / ".claude/commands"
    with world.daemon() as daemon:
        for number in range(1, MANY):
            os.link(folder / "0.md", folder / f"{number}.md")
        world.own("alice")
        daemon.follows_bob("bobs")
        assert daemon.highest < MOST_RESIDENT


BOMBS: dict[str, object] = {
    "a word": {"a": {"command": "npx " + "a" * 3_000_000}},
    "placeholders": {"a": {"command": "npx " + "${a b}" * 500_000}},
    "chains": {f"s{n}": {"command": "bash", "args": ["-c", "a=1;b:2," * 2000] * 20} for n in range(40)},
    "addresses": {f"s{n}": {"command": "x", "args": ["a://b " * 2700] * 20} for n in range(40)},
    "long addresses": {f"s{n}": {"url": "https://x/" + "${a}/" * 3200} for n in range(400)},
    "many arguments": {f"s{n}": {"command": "npx", "args": ["a=b:c,d;e"] * 390} for n in range(2000)},
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_work_that_would_grow_faster_than_its_file_holds_nobody_up(world: World, bomb: str) -> None:
    with world.daemon() as daemon:
        before = daemon.processor
        world.put("alice", {".claude.json": {"mcpServers": BOMBS[bomb]}})
        daemon.follows_bob("bobs")
        assert daemon.processor - before < 60
        assert daemon.highest < MOST_RESIDENT


def test_a_document_that_claims_memory_is_parsed_apart(world: World) -> None:
    sections = "\n".join(f"[a{number}.b.c.d.e.f.g.h]\nx=1" for number in range(60_000))
    world.put("alice", {".codex/config.toml": sections[:1_990_000].rpartition("\n[")[0]})
    with world.daemon() as daemon:
        assert "parse.too_large" in daemon.codes()
        assert daemon.highest < MOST_RESIDENT
        daemon.follows_bob("bobs")
