"""Documents within property lists and registry keys."""

from __future__ import annotations

import base64
import json
import plistlib
from typing import Any

import pytest

from collectors.sources.formats.embedded import parse_at
from collectors.sources.formats.unparseable import UnparseableError
from collectors.sources.limits import Limits

TOML = '[mcp_servers.a]\ncommand = "npx"\n'
PLIST = plistlib.dumps(
    {"Settings": '{"a": 1}', "config_toml_base64": base64.b64encode(TOML.encode()).decode(), "n": 7, "bad": "{\n  ]",
     "bad_base64": "%%%", "x.y": "[1]"}
)  # fmt: skip


def found(path: str, data: bytes, format: Any = "json", inside: str = "") -> Any:
    document = parse_at(path, data, format, inside, Limits())
    return document and document.value


def test_a_file_is_its_own_document() -> None:
    assert found("/x/a.json", b'{"a": 1} // ok') == {"a": 1}
    assert found("/x/a.toml", b"a = 1", "toml") == {"a": 1}


def test_a_property_list_is_one_whatever_the_format_of_what_is_in_it() -> None:
    assert found("/x/a.plist", PLIST)["n"] == 7
    assert found("/x/a.plist", PLIST, "toml", "config_toml_base64") == {"mcp_servers": {"a": {"command": "npx"}}}
    assert found("/x/a.plist", PLIST, "json", "Settings") == {"a": 1}
    assert found("/x/a.plist", PLIST, "json", "x.y") == [1]


def test_a_key_is_a_map_of_its_values() -> None:
    data = json.dumps({"Settings": '{"a": 1}', "Enabled": 1}).encode()
    assert found("HKLM/SOFTWARE/Demo", data, "toml")["Enabled"] == 1
    assert found("HKCU/SOFTWARE/Demo", data, "json", "Settings") == {"a": 1}


@pytest.mark.parametrize("inside", ["nope", "n", "Settings.a"])
def test_where_no_such_text_is_there_is_no_document(inside: str) -> None:
    assert parse_at("/x/a.plist", PLIST, "json", inside, Limits()) is None


@pytest.mark.parametrize(("inside", "line"), [("bad", 2), ("bad_base64", None)])
def test_an_error_in_a_text_names_the_value_it_is_in(inside: str, line: int | None) -> None:
    with pytest.raises(UnparseableError) as raised:
        parse_at("/x/a.plist", PLIST, "json", inside, Limits())
    assert raised.value.message.startswith(f"the text of {inside}: ") and raised.value.line == line
