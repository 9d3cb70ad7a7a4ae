"""A client's database that its owner swaps for something else while it is read."""

import os
import sqlite3

from tests.hostile.attacks import SWAP
from tests.hostile.world import SECONDS, World


def test_a_database_swapped_for_a_pipe_stops_nothing(world: World) -> None:
    database = sqlite3.connect(world.folder / "state.sqlite")
    with database:
        database.execute("CREATE TABLE threads (cwd TEXT)")
        database.execute("INSERT INTO threads VALUES ('/home/alice/work')")
    database.close()
    server = {"mcpServers": {"named-by-the-database": {"command": "npx"}}}
    content = (world.folder / "state.sqlite").read_bytes()
    world.put("alice", {".codex/state_5.sqlite": content, "work/.mcp.json": server})
    os.mkfifo(world.home("alice") / ".codex/pipe")
    world.own("alice")
    with world.daemon() as daemon:
        daemon.wait(lambda: daemon.sees("named-by-the-database"))
        seconds = max(20.0, SECONDS)
        world.python("alice", SWAP, "/home/alice/.codex/state_5.sqlite", "/home/alice/.codex/pipe", str(seconds))
        for number in range(int(seconds / 4)):
            daemon.follows_bob(f"bobs-{number}")
        assert daemon.stop() == 0
