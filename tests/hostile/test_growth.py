"""A client gone wrong, or somebody who wants the journal to burst: what changes all the time is put together."""

from __future__ import annotations

import time

from tests.hostile.world import SECONDS, World

LONG = max(8.0, SECONDS)
FLIP = """
import json, os, sys, time
end, number = time.monotonic() + float(sys.argv[1]), 0
while time.monotonic() < end:
    number += 1
    server = {"command": "npx", "args": ["x", str(number)]}
    with open("/home/alice/.partial", "w") as file:
        json.dump({"mcpServers": {"flips": server}}, file)
    os.rename("/home/alice/.partial", "/home/alice/.claude.json")
    time.sleep(0.1)
"""
AGENT = "/home/alice/.local/share/claude/versions/2.0.1"
STORM = (
    f"install -D /bin/sleep {AGENT}; end=$(($(date +%s) + $1)); while [ $(date +%s) -lt $end ]; do {AGENT} 0.02; done"
)


def test_a_value_that_flips_is_an_entry_a_minute_and_counted(world: World) -> None:
    with world.daemon("[collect]\ndebounce_seconds = 0.05\n" + "[daemon]\nheartbeat_seconds = 2\n") as daemon:
        flipping = world.python("alice", FLIP, str(LONG))
        time.sleep(LONG / 2)
        daemon.follows_bob("bobs")
        flipping.wait(LONG + 30)
        changed = [r for r in daemon.journaled("mcp_server") if r["name"] == "flips"]
        assert 2 <= len(changed) <= 14 + LONG / 60


def test_agents_that_live_for_a_moment_are_put_together(world: World) -> None:
    with world.daemon() as daemon:
        storm = world.start("alice", "/bin/sh", "-c", STORM, "x", str(int(LONG)))
        time.sleep(LONG / 2)
        daemon.follows_bob("bobs")
        storm.wait(LONG + 30)
        before = len(daemon.entries())
        assert len({r["pid"] for r in daemon.journaled("instance")}) >= 1
        again = world.start("alice", "/bin/sh", "-c", STORM, "x", "5")
        again.wait(60)
        time.sleep(1)
        assert len(daemon.entries()) - before < 60
