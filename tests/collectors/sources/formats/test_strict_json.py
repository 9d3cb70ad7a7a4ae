"""JSON as clients read it that know no other, and the head of Markdown files."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sources.formats.documents import UnparseableError, parse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)


@pytest.mark.parametrize("text", ['{"a": 1,}', '{"a": 1} // b', "/* b */ {}", '{"a": NaN}', "{'a': 1}", '{"a": 1} {}'])
def test_what_is_not_strict_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(UnparseableError) as refused:
        parse(text.encode(), "strict_json")
    assert refused.value.code == "parse.json"


@given(VALUES)
def test_what_is_strict_is_the_same_to_both(value: object) -> None:
    text = json.dumps(value).encode()
    assert parse(text, "strict_json").value == parse(text, "json").value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("---\nname: a\ntools: [x]\n---\nRest: no\n", {"name": "a", "tools": ["x"]}),
        ("---\r\nname: a\r\n---\r\n", {"name": "a"}),
        ("---\n---\n", {}),
        ("Text\n---\nname: a\n---\n", {}),
        ("--- no\nname: a\n---\n", {}),
        ("---\nname: a\n", {}),
    ],
)
def test_the_head_of_a_markdown_file(text: str, value: object) -> None:
    assert parse(text.encode(), "front_matter").value == value
