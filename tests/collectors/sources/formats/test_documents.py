import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.sources.formats.documents import Document, Format, Note, UnparseableError, parse
from collectors.sources.limits import Limits


def refused(data: bytes, format: Format = "json") -> UnparseableError:
    with pytest.raises(UnparseableError) as raised:
        parse(data, format)
    return raised.value


def test_strict_json_is_read() -> None:
    assert parse(b'{"a": [1, 2.5, "x", true, null]}', "json") == Document({"a": [1, 2.5, "x", True, None]})


def test_comments_trailing_commas_and_a_byte_order_mark_are_no_errors() -> None:
    text = '// servers\n{"a": [1, /* two */ 2,], // end\n "url": "http://x//y",}\n'
    bom = {"utf-16-be": b"\xfe\xff"}
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-be"):
        assert parse(bom.get(encoding, b"") + text.encode(encoding), "json").value == {
            "a": [1, 2],
            "url": "http://x//y",
        }


def test_the_last_of_equal_keys_counts_and_is_noted_by_name() -> None:
    for text in (b'{"a": {"k": 1, "k": 2}}', b'{"a": {"k": 1, "k": 2,}}'):
        document = parse(text, "json")
        assert document.value == {"a": {"k": 2}}
        assert [note.code for note in document.notes] == ["parse.duplicate_key"]
        assert document.notes[0].key == "k"


def test_notes_are_few_however_many_reasons_there_are() -> None:
    text = "{" + ",".join(f'"k{i}": 1, "k{i}": 2' for i in range(1_000)) + "}"
    document = parse(text.encode(), "json")
    assert len(document.value) == 1_000 and len(document.notes) == 20


def test_nan_and_infinity_are_noted() -> None:
    for text in (b"[NaN, -Infinity, 1.5]", b"[NaN, -Infinity, 1.5,]"):
        document = parse(text, "json")
        assert math.isnan(document.value[0]) and document.value[1:] == [-math.inf, 1.5]
        assert [note.code for note in document.notes] == ["parse.not_finite"]


def test_what_cannot_be_written_as_utf8_is_replaced() -> None:
    for text in (rb'{"\ud800": ["a\uDFFF"]}', rb'{"\ud800": ["a\uDFFF"],}'):
        assert parse(text, "json").value == {"\ufffd": ["a\ufffd"]}
    assert parse(rb'["\ud83d\ude00"]', "json").value == ["\U0001f600"]


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ('{"a": 1\n "b": 2}', "expected a comma", 1, 8),
        ('{"a" 1}', "expected a colon", 1, 5),
        ('{\n"a": hunter2}', "expected a value", 2, 6),
        ("[1, 2", "a list does not end", 1, 1),
        ('{"a": "hunter2', "a string does not end", 1, 7),
        ("{} {}", "expected nothing more", 1, 4),
        ("[" + "1" * 5_000 + "]", "a number has too many digits", None, None),
    ],
)
def test_broken_json_is_told_by_reason_and_place(text: str, message: str, line: int | None, column: int | None) -> None:
    error = refused(text.encode())
    assert (error.code, error.message, error.line, error.column) == ("parse.json", message, line, column)


def test_toml_is_read_with_dates_as_text() -> None:
    text = b"[mcp_servers.a]\ncommand = 'npx'\nat = 2026-01-02\nwhen = [2026-01-02T03:04:05Z, 1.5]\n"
    expected = {"command": "npx", "at": "2026-01-02", "when": ["2026-01-02T03:04:05+00:00", 1.5]}
    assert parse(text, "toml") == Document({"mcp_servers": {"a": expected}})


def test_broken_toml_is_told_by_reason_and_place() -> None:
    error = refused(b"a = 1\nb = hunter2\n", "toml")
    assert (error.code, error.message, error.line, error.column) == ("parse.toml", "expected a value", 2, 5)
    assert refused(b"a = {hunter2 = 1, hunter2 = 2}", "toml").message == "a key stands here twice"
    assert refused(b"a = " + b"1" * 5_000, "toml").line is None


def test_yaml_means_what_the_core_schema_says() -> None:
    text = b"""
on: yes
date: 2026-01-02
time: 12:30
octal: 010
based: [0o10, 0x1f, -7, +1.5e3, .5]
quoted: ["1", 'true', !!str 2, !!int "3"]
empty: [~, null, ]
none:
flag: true
2026-01-02: a
1: b
true: c
? [x, y]
: d
text: |
  two
  lines
"""
    assert parse(text, "yaml").value == {
        "on": "yes",
        "date": "2026-01-02",
        "time": "12:30",
        "octal": 10,
        "based": [8, 31, -7, 1500.0, 0.5],
        "quoted": ["1", "true", "2", 3],
        "empty": [None, None],
        "none": None,
        "flag": True,
        "2026-01-02": "a",
        "1": "b",
        "true": "c",
        "?": "d",
        "text": "two\nlines\n",
    }


def test_yaml_anchors_and_merges_are_followed() -> None:
    text = b"base: &b {cmd: npx, args: [a]}\none: {<<: *b, cmd: uvx}\ntwo: {<<: [*b, {x: 1, cmd: y}]}\nsame: *b\n"
    assert parse(text, "yaml").value == {
        "base": {"cmd": "npx", "args": ["a"]},
        "one": {"cmd": "uvx", "args": ["a"]},
        "two": {"cmd": "npx", "args": ["a"], "x": 1},
        "same": {"cmd": "npx", "args": ["a"]},
    }


def test_yaml_oddities_are_noted() -> None:
    assert [note.code for note in parse(b"a: 1\na: 2\n", "yaml").notes] == ["parse.duplicate_key"]
    document = parse(b"a: 1\n---\nb: 2\n", "yaml")
    assert document.value == {"a": 1} and [note.code for note in document.notes] == ["parse.more_documents"]
    assert parse(b"a: .inf\nb: -.INF\n", "yaml").value == {"a": math.inf, "b": -math.inf}


def test_yaml_tags_construct_nothing() -> None:
    text = b"a: !!python/object/apply:os.system ['exit 1']\nb: !secret hunter2\nc: !!binary '@@'\n"
    assert parse(text, "yaml").value == {"a": ["exit 1"], "b": "hunter2", "c": "@@"}


def test_broken_yaml_is_told_by_place_alone() -> None:
    error = refused(b"a: 1\nb: [hunter2\n", "yaml")
    assert (error.code, error.message, error.line) == ("parse.yaml", "not valid YAML", 3)


def test_a_note_names_no_more_of_a_key_than_a_line() -> None:
    (note,) = parse(b'{"%s": 1, "%s": 2}' % (b"k\\n" * 900, b"k\\n" * 900), "json").notes
    assert isinstance(note, Note) and len(note.message) < 300 and "\n" not in note.message


def _plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_plain, value))
    return value is None or isinstance(value, (str, int, float))


_PIECES = st.sampled_from(
    [
        *"{}[]:,\"'\\\n\t #-&*!|>?%@`=.<~1a\0\x85\ud7ff",
        *(
            "//",
            "/*",
            "*/",
            '"a"',
            "- ",
            "a: ",
            "&a ",
            "*a",
            "<<: ",
            "NaN",
            "---\n",
            "\\ud800",
            '"""',
            "[[",
            "]]",
            "a.b",
        ),
        *("2026-01-02", "<<<<<<< ", "null", "!!int ", "0x"),
    ]
)


@settings(max_examples=400, deadline=None)
@given(
    data=st.one_of(st.binary(max_size=200), st.lists(_PIECES, max_size=40).map(lambda p: "".join(p).encode())),
    format=st.sampled_from(["json", "toml", "yaml"]),
)
def test_whatever_the_bytes_there_is_a_plain_value_or_one_reason(data: bytes, format: Format) -> None:
    try:
        document = parse(data, format, Limits(depth=20))
    except UnparseableError as error:
        assert error.code.startswith("parse.") and len(error.message) < 80
    else:
        assert _plain(document.value)
