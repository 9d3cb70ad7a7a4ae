"""Servers that another file than their own switches off, in every layer that may say so."""

from __future__ import annotations

from typing import Any

import pytest

from agent.correlation.switches import switched
from agent.records import McpServer, Posture
from agent.records.posture import ServerRule
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from tests import made
from tests.collectors.world import client
from tests.correlation.posture_layers import P, layer

CATALOG = Catalog([client("demo")])


def said(set_by: str, *words: str, **fields: Any) -> Posture:
    """`off name a`, `on extension p@m`."""
    rules = tuple(ServerRule(effect=w[0], match=w[1], pattern=w[2]) for w in (word.split(" ", 2) for word in words))
    return layer(set_by, servers=rules, **fields)


def enabled(one: McpServer, *layers: Posture) -> bool:
    return next(switched([one], layers, CATALOG, DerivationCache())).enabled


USERS, PLUGINS = made.server("a"), made.server("a", scope="extension", extension="p@m")
PROJECTS = made.server("a", scope="project", project=P)


@pytest.mark.parametrize(
    ("one", "layers", "on"),
    [
        (USERS, (), True),
        (USERS, (said("user", "off name a"),), False),
        (USERS, (said("user", "off name b"),), True),
        (USERS, (said("user", "off folded A "),), False),
        (USERS, (said("user", "off glob ?"),), False),
        (USERS, (said("user", "off name a"), said("project", "on name a")), True),
        (USERS, (said("project", "off name a"),), True),
        (PROJECTS, (said("project", "off name a"),), False),
        (PROJECTS, (said("user", "off name a"), said("local", "on name a")), True),
        (PROJECTS, (said("user", "off name a"), said("local", "on name a", project="/srv/q")), False),
        (PROJECTS, (said("managed", "off name a"), said("local", "on name a")), False),
        (PLUGINS, (said("user", "off extension p@m"),), False),
        (PLUGINS, (said("user", "off extension q@m"),), True),
        (PLUGINS, (said("user", "off name plugin:p:a"),), False),
        (PLUGINS, (said("user", "off extension p@m", "on extension p@m"),), True),
        (made.server("a", extension="p", scope="extension"), (said("user", "off extension p@m"),), False),
        (USERS, (said("user", "off extension p@m"),), True),
        (USERS, (said("user", "deny name a"),), True),
        (USERS, (said("user", "off name a", owner="eve"),), True),
        (USERS, (said("user", "off name a", agent="other"),), True),
    ],
)
def test_the_strongest_layer_decides(one: McpServer, layers: tuple[Posture, ...], on: bool) -> None:
    assert enabled(one, *layers) is on


def test_what_is_off_in_its_own_entry_stays_off() -> None:
    assert not enabled(made.server("a", enabled=False), said("user", "on name a"))
