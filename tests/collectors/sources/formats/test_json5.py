"""JSON5 as its readers accept it: bare keys and single quotes, and whatever stands inside a text left alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.sources.formats.json_text import parse_json5
from collectors.sources.formats.unparseable import Notes, UnparseableError

KEYS = st.from_regex(r"\A[A-Za-z_$][A-Za-z0-9_$]{0,6}\Z")
VALUES = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text(max_size=6), lambda v: st.dictionaries(KEYS, v, max_size=3)
)


def parsed(text: str) -> Any:
    return parse_json5(text, 50, Notes())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: 1, $b_2 : 'x', }", {"a": 1, "$b_2": "x"}),
        (
            "{ // it's a: remark\n mcp: { servers: { a: { command: 'npx' } } } }",
            {"mcp": {"servers": {"a": {"command": "npx"}}}},
        ),
        ("{/* b: 'c' */ a: 'say \"hi\" it\\'s'}", {"a": 'say "hi" it\'s'}),
        ("{\"url: x\": \"http://h/a:b\", 'k': 'http://h//x'}", {"url: x": "http://h/a:b", "k": "http://h//x"}),
        ('{"a": {"b": "c"}}', {"a": {"b": "c"}}),
    ],
)
def test_what_it_reads(text: str, value: object) -> None:
    assert parsed(text) == value


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_all_json_means_the_same(value: dict[str, Any]) -> None:
    assert parsed("// first\n" + json.dumps(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "{a: }",
        "{a: 'x}",
        "a: 1",
        "{'a' 1}",
        "'" * 100_001,
        "/*" * 300_000,
        '"' * 100_001,
        "a" * 300_000,
        "a " * 300_000,
    ],
)
def test_what_is_none_is_told(text: str) -> None:
    with pytest.raises(UnparseableError):
        parsed(text)
