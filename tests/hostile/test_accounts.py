"""Every account but bob's has all that it may have: what all have together is bounded."""

from __future__ import annotations

import pytest

from tests.hostile.world import ATTACKERS, MOST_RESIDENT, World

AGENT = ".local/share/claude/versions/2.0.1"
SERVERS: dict[str, dict[str, object]] = {
    "small": {"command": "npx", "args": ["{}"]},
    "of many words": {"command": "npx", "args": ["{} " + "word " * 1_000]},
    "with long addresses": {"url": "https://{}.example.com/" + "word/" * 700},
}
FILES = (".claude.json", ".cursor/mcp.json")
RUN = """
import os, sys
agent, count = sys.argv[1], int(sys.argv[2])
for n in range(count):
    words = [f"{n}-{w} " + "a;b,c=" * 2600 for w in range(7)] if n % 2 else [f"{n}-{w}" for w in range(4000)]
    os.spawnl(os.P_NOWAIT, agent, agent, "--dangerously-skip-permissions", *words, "600")
for n in range(count):
    os.wait()
"""


@pytest.mark.parametrize("kind", SERVERS)
def test_all_at_their_most_together_are_bounded(world: World, kind: str) -> None:
    with world.daemon() as daemon:
        for user in ATTACKERS:
            servers = {f"{user}-{n}": _numbered(SERVERS[kind], f"{user}-{n}") for n in range(1_500)}
            world.put(user, {file: {"mcpServers": servers} for file in FILES})
        daemon.wait(lambda: "budget.exceeded" in daemon.codes() or "file.too_costly" in daemon.codes(), 120)
        daemon.follows_bob("bobs", 200)
        assert daemon.highest < MOST_RESIDENT


def test_processes_whose_words_fill_megabytes_are_bounded(world: World) -> None:
    with world.daemon() as daemon:
        for user in ATTACKERS[:2]:
            agent = f"/home/{user}/{AGENT}"
            world.start(user, "install", "-D", "/bin/sleep", agent).wait()
            world.python(user, RUN, agent, "250")
        daemon.wait(lambda: len({r["owner"] for r in daemon.journaled("instance")}) == 2, 120)
        daemon.follows_bob("bobs", 200)
        assert daemon.highest < MOST_RESIDENT


def _numbered(server: dict[str, object], number: str) -> dict[str, object]:
    """With its number where `{}` stands."""
    put = {
        key: [one.format(number) for one in value] if isinstance(value, list) else value
        for key, value in server.items()
    }
    return {key: value.format(number) if isinstance(value, str) else value for key, value in put.items()}
