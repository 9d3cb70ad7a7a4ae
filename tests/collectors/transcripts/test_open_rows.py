"""A call that stays open in a database keeps nothing from being told that stands behind it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from collectors.catalog.catalog import Catalog
from collectors.transcripts.actions import ActionSource
from tests.collectors.transcripts.driven_homes import EVER
from tests.collectors.world import World

PATH = "~/.local/share/opencode/opencode.db"


def part(number: int, status: str) -> str:
    return json.dumps({"type": "tool", "tool": "bash", "callID": f"call_{number}", "state": {"status": status}})


def told(source: ActionSource, world: World) -> list[Any]:
    found, more = [], True
    while more:
        batch = source.read(world.context)
        found += [(event.call_id, event.result) for event in batch.events if event.call_id]
        more = batch.more
    return found


def test_a_call_that_stays_open_keeps_nothing_back_and_is_told_when_it_ends(tmp_path: Path) -> None:
    client = Catalog.load().clients["opencode"]
    table = next(transcript.table for transcript in client.transcript if transcript.table and transcript.rule)
    world = World(tmp_path, client)
    path = world.here(world.write(PATH))
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"CREATE TABLE {table.name} ({', '.join(table.columns)})")
        database.execute(f"CREATE TABLE {table.join} (id TEXT, {', '.join(table.join_columns)})")
        rows = [("running", 0), *(("completed", number) for number in range(1, 6_000))]
        values = [{"data": part(number, status)} for status, number in rows]
        places = ", ".join(f":{name}" for name in table.columns)
        database.executemany(
            f"INSERT INTO {table.name} VALUES ({places})", [dict.fromkeys(table.columns) | one for one in values]
        )
        database.commit()
        source = ActionSource({}, EVER)
        assert {call for call, _ in told(source, world)} == {f"call_{number}" for number in range(1, 6_000)}
        database.execute(f"UPDATE {table.name} SET data = ? WHERE rowid = 1", [part(0, "completed")])
        database.commit()
        assert told(source, world) == [("call_0", "ok")]
