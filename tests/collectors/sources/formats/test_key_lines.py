"""The line of each key, in texts as people write them and in ones they do not."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from collectors.sources.formats.key_lines import json_key_lines, yaml_key_lines
from tests.counting import LINEAR, growth

JSON = """{
  // "mcpServers": "a comment",
  "mcpServers": {
    "a.b": { "command": "x{y", "args": [
      "one", 2,
      {"name": "late"}
    ] },
    "\\u0061\\"q": { "on": true, "n": null, "m": -1.5e3 },
  },
  "list": [ {
      "x": 1, "name": "github" }, "github2" ]
}
"""

YAML = """base: &b
  x: 1
servers:
  git:
    <<: *b
    cmd: y
list:
- name: one
  z: 1
- two
"""
BROKEN = [
    "",
    "{",
    "}}]]",
    '{"a',
    '"',
    "[" * 100_000,
    '{"a":' * 50_000,
    "\ud800",
    "/*",
    "a: [",
    "%TAG\n" * 200,
    f'{{"{"k" * 1900}": [{"1," * 100_000}0]}}',
]


def test_json_with_comments_escapes_lists_and_dots() -> None:
    lines = json_key_lines(JSON)
    assert lines["mcpServers"] == 3
    assert lines["mcpServers.a.b"] == lines["mcpServers.a.b.args"] == 4
    assert lines["mcpServers.a.b.args[0]"] == lines["mcpServers.a.b.args[1]"] == 5
    assert lines["mcpServers.a.b.args[late]"] == 6
    assert lines['mcpServers.a"q.m'] == 8
    assert (lines["list[0]"], lines["list[github]"], lines["list[0].x"], lines["list[1]"]) == (10, 10, 11, 11)


def test_of_equal_keys_the_last_counts() -> None:
    assert json_key_lines('{\n"a": 1,\n"a": 2}')["a"] == 3


def test_yaml_maps_lists_and_aliases() -> None:
    lines = yaml_key_lines(
        "base: &b\n  x: 1\nservers:\n  git:\n    <<: *b\n    cmd: y\nlist:\n- name: one\n  z: 1\n- two\n"
    )
    assert (lines["servers.git"], lines["servers.git.cmd"]) == (4, 6)
    assert (lines["list[one]"], lines["list[0].z"], lines["list[1]"]) == (8, 9, 10)


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_text_is_never_fatal(text: str) -> None:
    json_key_lines(text)
    yaml_key_lines(text)


def test_a_text_four_times_as_long_takes_about_four_times_the_work() -> None:
    def reading(entries: int) -> Callable[[], object]:
        text = json.dumps({"s": {f"k{n}": {"command": "npx", "args": ["-y", "x"]} for n in range(entries)}}, indent=1)
        assert len(json_key_lines(text)) > entries
        return lambda: json_key_lines(text)

    assert growth(reading, 1_000) < LINEAR
