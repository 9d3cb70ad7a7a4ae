"""Command rules as Codex writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sources.formats.documents import parse


def rules(text: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = parse(text.encode(), "prefix_rules").value["rule"]
    return found


@pytest.mark.parametrize(
    ("text", "pattern", "decision"),
    [
        ('prefix_rule(pattern = ["bash"], decision = "allow")', ["bash"], "allow"),
        ("prefix_rule(pattern=['git', 'push'])", ["git", "push"], "allow"),
        ('prefix_rule(\n pattern = ["gh", ["pr", "run"]],\n decision="prompt")', ["gh", ["pr", "run"]], "prompt"),
        ('prefix_rule(pattern = ["a)b"], decision = "forbidden")', ["a)b"], "forbidden"),
        ('prefix_rule(decision = "allow", pattern = COMMANDS)', None, "allow"),
        ('prefix_rule(pattern = [x + "y"])', None, "allow"),
    ],
)  # fmt: skip
def test_a_literal_call_is_a_rule(text: str, pattern: object, decision: str) -> None:
    assert rules(text) == [{"pattern": pattern, "decision": decision}]


def test_what_is_commented_out_or_another_call_is_none() -> None:
    assert rules('# prefix_rule(pattern = ["bash"])\nhost_rule(pattern = ["x"])\n') == []


@given(st.text(alphabet="prefix_rule()[]=\"', \n#a\\"))
def test_no_text_is_too_strange(text: str) -> None:
    assert parse(f"prefix_rule({text}".encode(), "prefix_rules").value.keys() == {"rule"}
