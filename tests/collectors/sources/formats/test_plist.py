"""Property lists as plain values, whatever their bytes are."""

from __future__ import annotations

import plistlib
import struct
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sources.formats.documents import UnparseableError, parse
from collectors.sources.limits import Limits

FORMATS = [plistlib.FMT_XML, plistlib.FMT_BINARY]
XML = '<?xml version="1.0"?><!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://x.example/p.dtd">'


def value(data: bytes, depth: int = 200) -> Any:
    return parse(data, "plist", Limits(depth=depth)).value


def failure(data: bytes, depth: int = 200) -> UnparseableError:
    with pytest.raises(UnparseableError) as raised:
        value(data, depth)
    return raised.value


@pytest.mark.parametrize("form", FORMATS)
def test_both_forms_are_read(form: Any) -> None:
    written = {"a": [1, 2.5, True, "text"], "b": {"c": "d"}, "empty": {}}
    assert value(plistlib.dumps(written, fmt=form)) == written


@pytest.mark.parametrize("form", FORMATS)
def test_data_and_dates_become_text_and_enormous_numbers_nothing(form: Any) -> None:
    found = value(plistlib.dumps({"data": b"abc\xff", "date": datetime(2026, 1, 2, 3, 4, 5)}, fmt=form))
    assert found == {"data": "abc\ufffd", "date": "2026-01-02 03:04:05"}
    assert value(f"<plist><integer>0x{'f' * 5000}</integer></plist>".encode()) is None


def test_an_error_in_xml_has_a_line_and_a_column_and_quotes_nothing() -> None:
    error = failure(b"<plist>\n<dict><key>Zq7planted5x</dict></plist>")
    assert (error.code, error.line) == ("parse.plist", 2) and error.column
    assert "Zq7planted5x" not in str(error)


@pytest.mark.parametrize("data", [b"", b"\0" * 64])
def test_what_a_crash_leaves_is_an_empty_file(data: bytes) -> None:
    assert failure(data).code == "parse.empty"


@pytest.mark.parametrize(
    "data",
    [
        b"{}", b"not a list", b"bplist00", b"bplist00" + b"\xff" * 64, b"<plist>", b"<plist><nonsense/></plist>",
        b'<!DOCTYPE plist [<!ENTITY a "aaaa">]><plist><string>&a;</string></plist>',
        b'<?xml version="1.0"?><!DOCTYPE plist [<!ENTITY % a SYSTEM "file:///etc/passwd">]><plist><dict/></plist>',
        b"<plist><integer>" + b"9" * 10_000 + b"</integer></plist>",
        b"bplist00" + b"\x5f\x13" + b"\x7f" * 8 + b"\0" * 40,
    ],
)  # fmt: skip
def test_damaged_and_malicious_files_are_told_as_such(data: bytes) -> None:
    assert failure(data).code == "parse.plist"


def test_nothing_outside_the_file_is_asked_for() -> None:
    assert value(f"{XML}<plist><dict><key>a</key><true/></dict></plist>".encode()) == {"a": True}


def test_deep_nesting_is_refused() -> None:
    assert failure(f"{XML}<plist>{'<array>' * 50_000}{'</array>' * 50_000}</plist>".encode()).code == "parse.too_deep"
    assert failure(plistlib.dumps([[[["x"]]]], fmt=plistlib.FMT_BINARY), depth=3).code == "parse.too_deep"


def binary(objects: list[bytes]) -> bytes:
    """A binary list whose first object is the top; references are one byte."""
    body, offsets = b"bplist00", []
    for item in objects:
        offsets.append(len(body))
        body += item
    table = b"".join(struct.pack(">H", offset) for offset in offsets)
    return body + table + struct.pack(">6xBBQQQ", 2, 1, len(objects), 0, len(body))


def test_a_small_file_that_stands_for_a_huge_tree_is_refused() -> None:
    lists = [bytes([0xAF, 0x10, 10]) + bytes([n + 1] * 10) for n in range(30)]
    assert failure(binary([*lists, b"\x09"])).code == "parse.too_large"


def test_a_list_that_holds_itself_is_refused() -> None:
    assert failure(binary([b"\xa1\x00"])).code == "parse.too_deep"


def test_a_huge_file_is_refused() -> None:
    assert failure(b"<plist>" + b" " * 3_000_000).code == "parse.too_large"


plain = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63) | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc.", max_size=4), inner, max_size=4),
)


@given(plain, st.sampled_from(FORMATS))
def test_what_was_written_is_read(written: Any, form: Any) -> None:
    assert value(plistlib.dumps(written, fmt=form)) == written


@given(plain, st.sampled_from(FORMATS), st.integers(0), st.binary(min_size=1, max_size=4))
def test_any_damage_is_an_error_or_another_value(written: Any, form: Any, at: int, damage: bytes) -> None:
    data = plistlib.dumps(written, fmt=form)
    at %= len(data)
    try:
        value(data[:at] + damage + data[at + len(damage) :])
    except UnparseableError as error:
        assert error.code.startswith("parse.")
