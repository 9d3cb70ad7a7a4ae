"""The key path language of the catalog."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sources.formats.keypath import find

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def found(value: object, at: str) -> list[tuple[tuple[str, ...], str, object]]:
    return [(f.captures, f.key, f.value) for f in find(value, at)]


@pytest.mark.parametrize(
    ("value", "at", "expected"),
    [
        ({"a": 1}, "", [((), "", {"a": 1})]),
        ({"a": {"b": 1}}, "a.b", [((), "a.b", 1)]),
        ({"mcp.servers": 1}, "mcp.servers", [((), "mcp.servers", 1)]),
        ({"mcp": {"servers": 1}, "mcp.servers": 2}, "mcp.servers", [((), "mcp.servers", 1), ((), "mcp.servers", 2)]),
        ({"amp.mcp": {"x": 1}}, "amp.mcp.x", [((), "amp.mcp.x", 1)]),
        ({"projects": {"/a.b": {"s": 1}, "/c": {}}}, "projects.*.s", [(("/a.b",), "projects./a.b.s", 1)]),
        ({"p": {"x": [{"i": 1}, {"i": 2}]}}, "p.*[].i", [(("x",), "p.x[0].i", 1), (("x",), "p.x[1].i", 2)]),
        ({"l": [[1], [2]]}, "l[][]", [((), "l[0][0]", 1), ((), "l[1][0]", 2)]),
        ([{"a": 1}], "[].a", [((), "[0].a", 1)]),
        ({1: {"a": 2}}, "*.a", [(("1",), "1.a", 2)]),
        ({"a": None}, "a", [((), "a", None)]),
    ],
)
def test_a_path_finds_values_with_what_the_stars_stood_for(value: object, at: str, expected: list[object]) -> None:
    assert found(value, at) == expected


@pytest.mark.parametrize("value", [None, 1, "text", [], {"a": "text"}, {"a": [1]}, {"a": None}, {"a": {"c": 1}}])
def test_a_wrong_type_at_any_level_finds_nothing(value: object) -> None:
    assert found(value, "a.b") == found(value, "a.*.b") == found(value, "a.b[].c") == []


def test_the_number_of_values_is_bounded() -> None:
    wide = {str(i): 0 for i in range(1_000)}
    assert sum(1 for _ in find({str(i): wide for i in range(300)}, "*.*")) == 100_000


@given(JSON, st.sampled_from(["", "*", "*.*", "a", "a.b", "*[]", "[].*", "a.*[].b", "[][]"]))
def test_any_document_gives_an_answer(value: object, at: str) -> None:
    assert all(isinstance(f.key, str) for f in find(value, at))
