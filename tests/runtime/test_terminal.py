"""What is printed moves no terminal, and JSON stays what it was."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from agent.runtime.terminal import plain, plain_json, show, show_json, show_text, tell

HOSTILE = "\x1b]0;x\x07\x1b[2J\x9b31m\r\nFAKE\u202e\u2028\u2066\x00\x7f\x08\U000e0041é"
REPOSITORY = Path(__file__).resolve().parents[2]
PRINTS = {
    "agent/runtime/terminal.py",
    "agent/delivery/__main__.py",
    "agent/governance/policy/fetch.py",
    "agent/probe/ask.py",
    "agent/probe/enter.py",
    "collectors/sources/formats/apart.py",
}
"""The one way, and processes that speak to the daemon through their standard output."""


def test_a_line_stays_a_line() -> None:
    assert plain(HOSTILE).isprintable() and plain(HOSTILE).endswith("é")
    assert plain("ünï · │ 日本") == "ünï · │ 日本"


@pytest.mark.parametrize("indent", [None, 1])
def test_json_says_the_same_without_a_control_character(indent: int | None) -> None:
    document = {"name": HOSTILE, HOSTILE: [HOSTILE]}
    text = plain_json(json.dumps(document, ensure_ascii=False, indent=indent))
    assert json.loads(text) == document
    assert text.replace("\n", "").isprintable()


def test_lines_text_documents_and_messages(capsys: pytest.CaptureFixture[str]) -> None:
    show([HOSTILE, "two"])
    show_text("a\nb\n")
    show_json(['{"a": "\x9b"}\n'])
    tell(f"no {HOSTILE}")
    out, err = capsys.readouterr()
    assert out.splitlines()[1:] == ["two", "a", "b", '{"a": "\\u009b"}']
    assert out.replace("\n", "").isprintable() and err.replace("\n", "").isprintable()


def test_nothing_else_prints() -> None:
    found = {
        path.relative_to(REPOSITORY).as_posix()
        for folder in ("agent", "collectors")
        for path in (REPOSITORY / folder).rglob("*.py")
        if any(map(_prints, ast.walk(ast.parse(path.read_text(encoding="utf-8")))))
    }
    assert found <= PRINTS


def _prints(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id == "print"
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
        return node.attr in ("write", "writelines", "buffer") and node.value.attr in ("stdout", "stderr")
    return False
