"""Every client of the catalog at every place, on each system: the whole answer, compared line by line."""

from __future__ import annotations

import difflib
import json
from collections import defaultdict
from functools import lru_cache
from typing import Any

import pytest

from collectors.catalog.catalog import Catalog
from collectors.catalog.client import Client
from collectors.sources.account import Os
from tests.golden.answer import answer, golden
from tests.golden.make_tree import SYSTEMS

CATALOG = Catalog.load()
each_system = pytest.mark.parametrize("system", SYSTEMS)


@lru_cache
def lines(system: Os) -> tuple[str, ...]:
    return tuple(answer(system))


def records(system: Os, kind: str) -> list[dict[str, Any]]:
    return [record for record in map(json.loads, lines(system)) if record["kind"] == kind and record["owner"] != "eve"]


@each_system
def test_the_whole_answer_is_the_golden_one(system: Os) -> None:
    expected = golden(system).read_text(encoding="utf-8").splitlines()
    difference = list(difflib.unified_diff(expected, lines(system), "golden", "now", lineterm="", n=0))
    assert not difference, "\n".join([*difference[:20], "python -m tests.golden.update writes them anew"])


def servers_of(client: Client, system: Os) -> bool:
    return any(config.servers and config.on(system) for config in client.config)


@each_system
def test_every_client_shows_as_an_agent_and_with_its_servers(system: Os) -> None:
    """What the golden file cannot say: that it holds what the catalog promises."""
    agents = {record["agent"] for record in records(system, "ai_agent")}
    holds = defaultdict(set)
    for server in records(system, "mcp_server"):
        holds[server["agent"]].add(server["transport"])
    clients = [client for client in CATALOG.clients.values() if client.kind != "standard"]
    there = [c.id for c in clients if c.config and any(config.on(system) for config in c.config)]
    assert [id for id in there if id not in agents] == []
    assert [c.id for c in clients if servers_of(c, system) and "stdio" not in holds[c.id]] == []


@each_system
def test_every_artifact_and_provider_of_the_catalog_is_found(system: Os) -> None:
    artifacts = {(record["agent"], record["artifact"], record["scope"]) for record in records(system, "artifact")}
    promised = {(c.id, a.kind, a.scope) for c in CATALOG.clients.values() for a in c.artifact if a.on(system)}
    assert promised - artifacts == set()
    providers = {(record["agent"], record["scope"]) for record in records(system, "model_provider")}
    assert {(c.id, p.scope) for c in CATALOG.clients.values() for p in c.provider if p.on(system)} - providers == set()


@each_system
def test_nothing_of_the_undamaged_account_is_a_gap(system: Os) -> None:
    assert [record for record in records(system, "diagnostic") if record["severity"] != "info"] == []
