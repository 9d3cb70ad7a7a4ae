"""More of everything than one account can have: the daemon stays within its limits, and bob is seen."""

import json
import time

from tests.hostile.attacks import CONNECT
from tests.hostile.world import MOST_RESIDENT, QUICK, SECONDS, World

AGENT = "/home/alice/.local/share/claude/versions/2.0.1"
"""Where Claude Code keeps its program: whatever runs there counts as it."""
COUNTS = 3000 if SECONDS else 400


def test_connections_that_come_and_go_are_told_up_to_a_bound(world: World) -> None:
    with world.daemon() as daemon:
        start = f'install -D /usr/bin/python3 {AGENT} && exec {AGENT} "$@"'
        agent = world.start(
            "alice", "/bin/sh", "-c", start, "x", "-c", CONNECT, str(COUNTS), "2", str(max(3, int(SECONDS / 3)))
        )
        daemon.wait(lambda: "budget.sockets" in daemon.codes(), 60)
        time.sleep(SECONDS)
        assert agent.poll() is None
        peers = [c for c in daemon.journaled("connection") if c["relation"] == "established"]
        assert 100 < len({c["remote"] for c in peers}) <= 300
        daemon.follows_bob("bobs")
        assert daemon.highest < MOST_RESIDENT


def test_thousands_of_agents_are_told_up_to_a_bound(world: World) -> None:
    start = f"""
install -D /bin/sleep {AGENT}
i=0; while [ $i -lt {COUNTS} ]; do {AGENT} {300 + SECONDS} & i=$((i+1)); done; wait
"""
    with world.daemon() as daemon:
        world.start("alice", "/bin/sh", "-c", start)
        daemon.wait(lambda: "budget.instances" in daemon.codes(), 60)
        time.sleep(SECONDS)
        daemon.follows_bob("bobs")
        assert len({record["id"] for record in daemon.journaled("instance")}) <= 300
        assert daemon.highest < MOST_RESIDENT


def test_thousands_of_projects_are_looked_into_up_to_a_bound(world: World) -> None:
    count, most = (5000, 2000) if SECONDS else (600, 200)
    server = json.dumps({"mcpServers": {"a": {"command": "npx"}}})
    for number in range(count):
        folder = world.home("alice") / f"w/{number // 100}/{number % 100}"
        folder.mkdir(parents=True)
        (folder / ".mcp.json").write_text(server)
    world.own("alice")
    settings = f"{QUICK}[limits]\naccount_projects = {most}\n"
    with world.daemon(settings) as daemon:
        assert "budget.projects" in daemon.codes()
        seen = {server["source"]["path"] for server in daemon.journaled("mcp_server")}
        assert len(seen) == most
        daemon.follows_bob("bobs")
        assert daemon.highest < MOST_RESIDENT
