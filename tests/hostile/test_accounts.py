"""Every account but bob's has all that it may have: what all have together is bounded."""

from __future__ import annotations

import pytest

from tests.hostile.world import ATTACKERS, MOST_RESIDENT, SECONDS, World

AGENT = ".local/share/claude/versions/2.0.1"
PROCESSES = 250 if SECONDS else 40
_WORDS, _LONG = "word " * 1_000, "word/" * 700
RUN = """
import os, sys
agent, count = sys.argv[1], int(sys.argv[2])
for n in range(count):
    words = [f"{n}-{w} " + "a;b,c=" * 2600 for w in range(7)] if n % 2 else [f"{n}-{w}" for w in range(4000)]
    os.spawnl(os.P_NOWAIT, agent, agent, "-c", "kill -STOP $$", "--dangerously-skip-permissions", *words)
for n in range(count):
    os.wait()
"""


def servers(user: str) -> dict[str, object]:
    """As many and as long as fill what an account may have."""
    of: dict[str, list[dict[str, object]]] = {
        "alice": [{"command": "npx", "args": [f"alice-{n}"]} for n in range(900)],
        "carol": [{"command": "npx", "args": [f"{n} {_WORDS}"]} for n in range(300)],
        "dave": [{"url": f"https://h{n}.example.com/{_LONG}"} for n in range(300)],
        "erin": [{"command": "npx", "args": ["x"], "env": {f"V{n}_{k}": "" for k in range(40)}} for n in range(800)],
    }
    return {"mcpServers": {f"{user}-{n}": one for n, one in enumerate(of[user])}}


@pytest.mark.skipif(not SECONDS, reason="takes minutes; ROLLCALL_HOSTILE_SECONDS runs it")
@pytest.mark.timeout(1_200)
def test_all_at_their_most_together_are_bounded(world: World) -> None:
    with world.daemon() as daemon:
        for user in ATTACKERS:
            world.put(user, {".claude.json": servers(user), ".cursor/mcp.json": servers(user)})
        daemon.wait(lambda: len({r["owner"] for r in daemon.journaled("mcp_server")}) == len(ATTACKERS), 600)
        daemon.follows_bob("bobs", 300)
        assert daemon.highest < MOST_RESIDENT


def test_processes_whose_words_fill_megabytes_are_bounded(world: World) -> None:
    with world.daemon() as daemon:
        for user in ATTACKERS[:2]:
            agent = f"/home/{user}/{AGENT}"
            world.start(user, "install", "-D", "/bin/sh", agent).wait()
            world.python(user, RUN, agent, str(PROCESSES))
        daemon.wait(lambda: {"alice", "carol"} <= {r["owner"] for r in daemon.journaled("instance")}, 120)
        daemon.follows_bob("bobs", 120)
        assert daemon.highest < MOST_RESIDENT
