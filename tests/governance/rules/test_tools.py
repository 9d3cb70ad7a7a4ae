"""Findings about tools: what they say, and that they say no text of a definition."""

from __future__ import annotations

from typing import Any

from agent.governance.policy.model import Policy
from agent.governance.rules.rule import RuleContext
from agent.governance.rules.tools import RULES
from agent.records import PinnedTool, Record, Tool
from collectors.catalog.catalog import Catalog
from tests import made

A, B = "a" * 64, "b" * 64


def found(*records: Record) -> dict[str, list[str]]:
    context = RuleContext({record.id: record for record in records}, Policy(), Catalog(()))
    told: dict[str, list[str]] = {}
    for rule in RULES:
        for record in context.of(rule.kind):
            proofs = [f"{proof.what}: {proof.value}" for proof in rule.check(record, context)]
            if proofs:
                told.setdefault(rule.id, []).extend(proofs)
    return told


def changed(**fields: Any) -> Tool:
    pin = PinnedTool(
        definition_hash=A, whole=True, known_from="cache", description_hash=A, description_size=40, parameters=("a",)
    )
    return made.tool(definition_hash=B, whole=True, pinned=pin, **fields)


def test_a_change_says_what_changed_with_both_hashes() -> None:
    tool = changed(description_hash=B, description_size=900, parameters=("a", "sidenote"), hints=("read_only",))
    assert found(tool) == {
        "tools.changed": [
            "the description grew: from 40 to 900 bytes",
            "new parameters: sidenote",
            "what it declares: from nothing to read only",
            f"definition hash: from {A} to {B}",
        ]
    }


def test_what_does_not_compare_is_no_change() -> None:
    assert found(made.tool(definition_hash=B, pinned=PinnedTool(definition_hash=A, known_from="log"))) == {}


def test_new_and_gone_tools() -> None:
    assert list(found(made.tool(state="new"))) == ["tools.added"]
    assert list(found(made.tool(state="gone"))) == ["tools.removed"]


def test_one_name_in_two_servers_is_told_where_the_tools_differ() -> None:
    one, other = made.tool(definition_hash=A), made.tool(definition_hash=B, server="notes")
    assert found(made.agent(), one, other) == {"tools.shadowing": ["read is a tool of: files, notes"]}
    assert found(made.agent(), one, made.tool(definition_hash=A, server="notes")) == {}
    assert found(made.agent(), one, made.tool(definition_hash=B, server="notes", exposure="filtered")) == {}
    assert found(made.agent(), one, made.tool(definition_hash=B, server="notes", agent="other")) == {}
