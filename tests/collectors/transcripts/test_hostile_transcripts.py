"""Transcripts that somebody made to harm: whatever they hold, reading goes on, in bounds, and nothing false is told."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.records.action import Action
from collectors.catalog.actions import Table
from collectors.catalog.catalog import Catalog
from collectors.sources.formats.sqlite_file import Database
from collectors.transcripts.actions import ActionSource
from collectors.transcripts.table import JoinedRows
from tests.collectors.transcripts.driven_homes import EVER
from tests.collectors.world import World
from tests.counting import ends

CLAUDE = Catalog.load().clients["claude-code"]


def call(id: str, at: str = "2026-11-27T10:00:00Z", session: str = "s", **fields: object) -> str:
    """A call that succeeded, as two lines."""
    asked = {"type": "assistant", "sessionId": session, "timestamp": at, "cwd": "/p", "version": "2.1.332"}
    asked["message"] = {"model": "m", "content": [{"type": "tool_use", "id": id, "name": "Read", "input": {}}]}
    answered = {"type": "user", "sessionId": session, "timestamp": at}
    answered["message"] = {"content": [{"type": "tool_result", "tool_use_id": id, "is_error": False}]}
    return json.dumps({**asked, **fields}) + "\n" + json.dumps(answered) + "\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, CLAUDE, owners=("dev", "eve"))


def read(world: World, source: ActionSource | None = None) -> list[Action]:
    source = source or ActionSource({}, EVER)
    found: list[Action] = []
    for _ in range(100):
        batch = source.read(world.context)
        found += [event for event in batch.events if isinstance(event, Action) and event.call_id]
        if not batch.more:
            break
    return found


def file(world: World, text: str = "", name: str = "a") -> Path:
    return world.here(world.write(f"~/.claude/projects/p/{name}.jsonl", text))


def test_of_a_sparse_file_of_ten_gigabytes_only_the_end_is_read(world: World) -> None:
    path = file(world)
    with path.open("r+b") as handle:
        handle.truncate(10 << 30)
        handle.seek(0, os.SEEK_END)
        handle.write(b"\n" + call("c").encode())
    with ends():
        assert [action.call_id for action in read(world)] == ["c"]


def test_what_stands_before_and_behind_an_endless_line_is_told(world: World) -> None:
    file(world, call("before") + '{"x": "' + "a" * (20 << 20) + '"}\n' + call("behind"))
    assert [action.call_id for action in read(world)] == ["before", "behind"]


def test_lines_that_are_full_of_calls_are_read_in_steps_and_each_call_is_told_once(world: World) -> None:
    asked = [[{"type": "tool_use", "id": f"{line}-{n}", "name": "R"} for n in range(1_000)] for line in range(20)]
    entries = ({"type": "assistant", "sessionId": "s", "message": {"content": content}} for content in asked)
    file(world, "".join(json.dumps(entry) + "\n" for entry in entries))
    source, told, most = ActionSource({}, EVER, most_bytes=4 << 20), Counter[str](), 0
    for _ in range(100):
        batch = source.read(world.context, everything=True)
        most = max(most, len(batch.events))
        told.update(str(event.call_id) for event in batch.events if isinstance(event, Action))
        if not batch.more:
            break
    assert len(told) == 20_000 and set(told.values()) == {1}
    assert most < 8_000


def test_of_a_second_table_only_so_much_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE sessions (id TEXT, cwd TEXT)")
        rows = ((str(number), "x" * 9_000) for number in range(600))
        database.executemany("INSERT INTO sessions VALUES (?, ?)", [*rows, ("long", "x" * 100_000), ("last", "/p")])
    joined = JoinedRows(Table(name="m", columns=("s",), join="sessions", join_on="s", join_columns=("cwd",)))
    file = os.open(path, os.O_RDONLY)
    try:
        joined.read(Database(file))
    finally:
        os.close(file)
    kept = [number for number in range(600) if joined.of(str(number))]
    assert 400 < len(kept) < 500 and kept[-1] == 599
    assert (joined.of("long"), joined.of("last")) == ({"cwd": None}, {"cwd": "/p"})


def test_times_that_lie_break_nothing(world: World) -> None:
    times = ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "yesterday", "2026-13-45T99:00:00Z", "+1e400")
    file(world, "".join(call(f"c{n}", at) for n, at in enumerate(times)))
    told = {action.call_id: action.at for action in read(world)}
    assert told.keys() >= {"c0", "c2", "c3", "c4"} and told["c2"] is None


def test_a_session_of_another_account_stays_an_action_of_the_file_s_own(world: World) -> None:
    file(world, call("c", session="of-eve"))
    assert [(action.owner, action.session_id) for action in read(world)] == [("dev", "of-eve")]


def test_links_and_pipes_are_not_followed(world: World) -> None:
    outside = world.here(world.write("/home/eve/secret.jsonl", call("secret")))
    folder = file(world, call("own")).parent
    (folder / "link.jsonl").symlink_to(outside)
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "loop.jsonl").symlink_to("loop.jsonl")
    assert [action.call_id for action in read(world)] == ["own"]


def test_half_a_line_waits_for_its_other_half(world: World) -> None:
    text, source = call("c"), ActionSource({}, EVER)
    path = file(world, text[:200])
    assert read(world, source) == []
    with path.open("a") as handle:
        handle.write(text[200:])
    assert [action.call_id for action in read(world, source)] == ["c"]


def test_a_million_sessions_in_one_file_are_told_in_bounded_memory(world: World) -> None:
    count = 20_000
    file(world, "".join(call(f"c{n}", session=f"s{n}") for n in range(count)))
    source = ActionSource({}, EVER)
    assert len(read(world, source)) == count
    (followed,) = (one for one in source._followed.values() if one.files)
    assert len(followed.calls.sessions) <= 2_000 and not followed.calls.open


def test_calls_without_a_result_fill_no_memory(world: World) -> None:
    now = datetime.now(UTC).isoformat()
    lines = call("c0", now).splitlines(keepends=True)[0]
    file(world, "".join(lines.replace("c0", f"c{n}") for n in range(12_000)))
    source = ActionSource({}, EVER)
    told = read(world, source)
    (followed,) = (one for one in source._followed.values() if one.files)
    assert len(followed.calls.open) == 5_000 and len(told) == 7_000
    assert {action.result for action in told} == {"unknown"}


def test_a_file_that_is_gone_is_forgotten(world: World) -> None:
    source = ActionSource({}, EVER)
    path = file(world, call("c"))
    read(world, source)
    path.unlink()
    assert list(source.read(world.context).positions.values()) == [""]
    assert source.read(world.context).positions == {}
