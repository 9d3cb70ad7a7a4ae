"""What value paths and conditions of the catalog mean once they are compiled."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.catalog.actions import Comparison, Condition, Rule
from collectors.transcripts.statement import Statement, reader
from collectors.transcripts.values import Entry, condition, elements, first

LINE: dict[str, Any] = {
    "type": "user",
    "a.b": 1,
    "message": {"content": [{"type": "text"}, {"type": "result", "id": "c1", "of": [{"n": "x"}, None, {"n": "y"}]}]},
    "text": '{"inner": [{"name": "deep"}]}',
    "no": None,
    "flag": True,
    "one": 1,
}


@pytest.mark.parametrize(
    ("paths", "value"),
    [
        ("type", "user"),
        (r"a\.b", 1),
        ("message.content[].id", "c1"),
        ("message.content[].of[].n", "x"),
        ("text!.inner[].name", "deep"),
        ("=fixed", "fixed"),
        ("*2", "second"),
        ("*3", None),
        (("no", "missing.below", "type"), "user"),
        ("^type", None),
        ((), None),
        ("type.below", None),
        ("message[].x", None),
    ],
)
def test_a_path_leads_to_the_first_value_that_is_not_null(paths: str | tuple[str, ...], value: object) -> None:
    assert first(paths)(Entry(LINE, ("first", "second"))) == value


def test_elements_are_entered_in_steps_and_left_backwards() -> None:
    found = list(elements("message.content[]>of[]")(Entry(LINE)))
    assert [first("n")(one) for one in found] == ["x", "y"]
    assert {first("^id")(one) for one in found} == {"c1"}
    assert {first("^^type")(one) for one in found} == {"user"}
    assert {first("^^^type")(one) for one in found} == {None}


@pytest.mark.parametrize(
    ("path", "wanted", "holds"),
    [
        ("type", "user", True),
        ("type", ("x", "user"), True),
        ("type", Comparison(matches="^us"), True),
        ("type", Comparison(matches="^er"), False),
        ("no", Comparison(present=False), True),
        ("type", Comparison(present=True), True),
        ("flag", True, True),
        ("one", True, False),
        ("flag", 1, False),
        ("one", 1, True),
        ("one", Comparison(differs=2), True),
        ("one", Comparison(differs=1), False),
        ("no", Comparison(differs=1), False),
        ("message.content[].type", "result", True),
        ("message.content[].type", "other", False),
        ("text!.inner[].name", Comparison(matches="eep"), True),
    ],
)
def test_a_condition_asks_what_stands_at_its_path(path: str, wanted: Condition, holds: bool) -> None:
    assert condition({path: wanted})(Entry(LINE)) is holds
    assert condition({path: wanted, r"a\.b": 1})(Entry(LINE)) is holds
    assert condition({path: wanted, r"a\.b": 2})(Entry(LINE)) is False


def test_a_rule_says_what_it_finds_in_each_element_and_nothing_of_entries_that_it_is_not_about() -> None:
    rule = Rule.model_validate(
        {
            "when": {"type": "user"},
            "each": ["message.content[]", "none[]"],
            "where": {"type": "result"},
            "call": "id",
            "tool": "of[].n",
            "folder": "^text",
            "result": [{"value": "error", "when": {"^flag": False}}, {"value": "ok"}],
            "decision": [{"value": "denied", "by": "user", "when": {"^one": 2}}, {"value": "auto"}],
        }
    )
    read = reader([rule], session="type")
    told = read(LINE, ())
    assert told.session == "user"
    assert told.statements == [Statement(call="c1", tool="x", folder=LINE["text"], result="ok", decision="auto")]
    refused = read({**LINE, "one": 2}, ()).statements
    assert [(said.decision, said.denied_by, said.result) for said in refused] == [("denied", "user", "denied")]
    for other in ({**LINE, "type": "assistant"}, [], "text", 7, None, {"type": "user", "message": []}):
        assert read(other, ()).statements == []


def test_texts_of_the_catalog_stay_texts() -> None:
    hostile = "']; raise SystemExit #\n\"\\"
    assert first(f"a{hostile}".replace(".", ""))(Entry({f"a{hostile}": 3})) == 3
    assert condition({"a": hostile})(Entry({"a": hostile})) is True
