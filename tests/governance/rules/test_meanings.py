"""Each finding can be explained to the person on whose machine it is."""

from __future__ import annotations

import tomllib
from pathlib import Path

from agent.governance.rules import meanings
from agent.governance.rules.meanings import meaning
from agent.governance.rules.registry import RULES

FOUND = tomllib.loads((Path(meanings.__file__).with_name("meanings.toml")).read_text())


def test_the_rules_are_explained_and_every_explanation_is_of_a_rule() -> None:
    ids = {rule.id for rule in RULES}
    explained = [id_ for id_ in ids if meaning(id_) != FOUND["family"]["other"]]
    assert len(explained) > 0.9 * len(ids)
    assert FOUND["rule"].keys() <= ids


def test_a_rule_without_words_of_its_own_has_those_of_its_family() -> None:
    assert meaning("drift.server") == FOUND["family"]["drift"]
    assert meaning("our.own") == FOUND["family"]["other"]


def test_a_meaning_is_one_that_a_person_reads_at_a_glance() -> None:
    for text in (*FOUND["rule"].values(), *FOUND["family"].values()):
        assert text.endswith(".") and len(text) <= 200, text
