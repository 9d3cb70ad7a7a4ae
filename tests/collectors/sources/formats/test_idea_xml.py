"""Settings of JetBrains IDEs, in both layouts that hold servers."""

from __future__ import annotations

import pytest

from collectors.sources.formats.documents import UnparseableError, parse

LATER = b"""<application><component name="McpApplicationServerCommands"><commands>
<McpServerConfigurationProperties><option name="enabled" value="false" /><option name="name" value="notes" />
<option name="programPath" value="npx" /><option name="arguments" value="-y pkg" />
<envs><env name="TOKEN" value="x" /></envs></McpServerConfigurationProperties></commands>
<urls><McpServerURL><option name="name" value="web" /><option name="url" value="https://h/mcp" />
<option name="headers"><map><entry key="Authorization" value="Bearer x" /></map></option></McpServerURL></urls>
</component></application>"""
FIRST = b"""<project><component name="McpProjectServerCommands"><McpServerCommand><option name="name" value="nx" />
<option name="programPath" value="npx.cmd" /></McpServerCommand></component></project>"""


def test_both_layouts_are_lists_of_maps() -> None:
    value = parse(LATER, "idea_xml").value["McpApplicationServerCommands"]
    (command,), (url,) = value["commands"], value["urls"]
    assert (command["name"], command["enabled"], command["arguments"]) == ("notes", "false", "-y pkg")
    assert (command["envs"], url["headers"]) == ({"TOKEN": "x"}, {"Authorization": "Bearer x"})
    assert parse(FIRST, "idea_xml").value["McpProjectServerCommands"]["entries"][0]["programPath"] == "npx.cmd"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"<a><b></a>", "parse.xml"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "parse.xml"),
        (b"<a>" * 5_000 + b"</a>" * 5_000, "parse.depth"),
    ],
)
def test_what_is_wrong_or_hostile_is_refused(text: bytes, code: str) -> None:
    with pytest.raises(UnparseableError) as error:
        parse(text, "idea_xml")
    assert error.value.code.startswith(code.partition(".")[0])
