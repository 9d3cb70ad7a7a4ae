"""Conclusions that are kept are those that would be drawn anew."""

from __future__ import annotations

import random

from agent.correlation.correlate import correlate
from agent.records import McpServer, Record
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from tests import made
from tests.collectors.world import client

REAL = Catalog.load()
CATALOG = Catalog([*(REAL.clients[name] for name in ("claude-code", "codex", "gemini-cli")), client("demo")])
AGENTS = tuple(CATALOG.clients)
SCOPES = ("managed", "user", "local", "project")


def test_the_same_parts_are_concluded_from_once_a_turn_after_turn() -> None:
    memo, part = DerivationCache(), made.server()
    first = memo.get("a", (part,), lambda: [1])
    memo.turn()
    assert memo.get("a", (part,), lambda: [2]) is first
    memo.turn()
    memo.turn()
    assert memo.get("a", (part,), lambda: [3]) == [3], "not asked for during a turn"


def test_an_equal_part_that_was_made_anew_counts_as_another() -> None:
    memo = DerivationCache()
    memo.get("a", (made.server(),), lambda: 1)
    memo.turn()
    assert memo.get("a", (made.server(),), lambda: 2) == 2


def _server(chance: random.Random) -> McpServer:
    scope = chance.choice(SCOPES)
    return made.server(
        chance.choice(("one", "two", "three")),
        path=f"/etc/{chance.randrange(6)}.json",
        agent=chance.choice(AGENTS),
        owner=chance.choice(("dev", "eve", None)),
        scope=scope,
        project=f"/code/{chance.randrange(2)}" if scope in ("local", "project") else None,
        enabled=chance.random() < 0.8,
        transport=chance.choice(("stdio", "http")),
    )


def _fact(chance: random.Random, servers: list[McpServer]) -> Record:
    kind = chance.randrange(5)
    if kind == 0:
        return made.agent(chance.choice(AGENTS), owner=chance.choice(("dev", "eve", None)))
    if kind == 1:
        return made.owner(chance.choice(("dev", "eve")))
    if kind == 2:
        path, agent = f"/etc/{chance.randrange(6)}", chance.choice((None, *AGENTS))
        return made.diagnostic(severity="error", agent=agent, path=path)
    if kind == 3 and servers:
        ids = (chance.choice(servers).id,)
        subject = chance.choice(("agent", "mcp_server"))
        return made.instance(chance.randrange(9), subject=subject, agent=chance.choice(AGENTS), server_ids=ids)
    return _server(chance)


def test_after_any_sequence_of_changes_the_inventory_is_the_one_derived_from_nothing() -> None:
    for seed in range(30):
        chance, memo = random.Random(seed), DerivationCache()
        facts: dict[str, Record] = {}
        for _ in range(25):
            for _ in range(chance.randrange(4)):
                servers = [fact for fact in facts.values() if isinstance(fact, McpServer)]
                fact = _fact(chance, servers)
                facts[fact.id] = fact
                if facts and chance.random() < 0.4:
                    del facts[chance.choice(list(facts))]
            kept = correlate(facts.values(), CATALOG, True, memo=memo)
            memo.turn()
            anew = correlate(facts.values(), CATALOG, True)
            assert kept.keys() == anew.keys()
            assert [record.facts() for record in kept.values()] == [anew[id_].facts() for id_ in kept]
