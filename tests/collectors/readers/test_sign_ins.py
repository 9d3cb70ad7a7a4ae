"""Who a client is signed in as: the one key that says so, and nothing beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.records import SignIn
from collectors.catalog.catalog import Catalog
from collectors.configs.collector import ConfigCollector
from tests.collectors.world import World, client

DEMO = client("demo", signed_in=[{"paths": ["~/.demo.json"], "at": "account.email", "source": "x", "checked": "x"}])
REAL = Catalog.load()


def accounts(tmp_path: Path, document: object) -> list[str]:
    world = World(tmp_path, DEMO)
    world.write("/home/dev/.demo.json", json.dumps(document))
    seen = ConfigCollector().collect(world.context)
    return [r.account for observation in seen for r in observation.records if isinstance(r, SignIn)]


@pytest.mark.parametrize("name", ["dana@example.test", "dana.example", "Dana_7", "d@x"])
def test_the_account_is_told(tmp_path: Path, name: str) -> None:
    assert accounts(tmp_path, {"account": {"email": name, "token": "Zq7planted5x"}}) == [name]


@pytest.mark.parametrize(
    "value",
    [
        None, 7, [], {}, "", "two words", "<script>", "a" * 300, "x@y\n", "sk-ant-api03-" + "A1b2C3d4" * 10,
        "ghp_" + "a1B2c3D4e5" * 4, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    ],
)  # fmt: skip
def test_what_is_no_name_is_not(tmp_path: Path, value: object) -> None:
    assert accounts(tmp_path, {"account": {"email": value}, "email": "other@example.test"}) == []


@pytest.mark.parametrize("document", [{}, {"account": "dana@example.test"}, [], {"account": []}])
def test_a_file_that_says_nothing_of_it_is_no_trouble(tmp_path: Path, document: object) -> None:
    assert accounts(tmp_path, document) == []


def test_who_is_signed_in_can_be_switched_off() -> None:
    with_people = {c.id for c in REAL.clients.values() if c.signed_in}
    assert {"claude-code", "gemini-cli"} <= with_people
    assert not [c for c in REAL.without_people().clients.values() if c.signed_in]
    assert REAL.without_people().clients.keys() == REAL.clients.keys()
