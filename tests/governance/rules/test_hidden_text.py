"""Each mark of a text is a finding that says where it is, of artifacts and of tools alike."""

from __future__ import annotations

from typing import get_args

import pytest

from agent.governance.policy.model import Policy
from agent.governance.rules.hidden_text import RULES
from agent.governance.rules.rule import RuleContext
from agent.records import Tool
from agent.records.base import Evidence
from agent.records.text_mark import Mark, TextMark
from collectors.catalog.catalog import Catalog


@pytest.mark.parametrize("mark", get_args(Mark))
def test_a_mark_of_a_tool_is_a_finding_with_its_place(mark: Mark) -> None:
    marks = (TextMark(mark=mark, offset=12, count=3, at="inputSchema.properties.a.description"),)
    seen = Evidence(collector="tools")
    given = {"endpoint_id": "e", "owner": "dev", "evidence": seen, "agent": "demo", "server": "s", "name": "t"}
    tool, clean = Tool(known_from="probe", marks=marks, **given), Tool(known_from="probe", **given)
    context = RuleContext({}, Policy(), Catalog(()))
    told = {rule.id: list(rule.check(tool, context)) for rule in RULES if rule.kind == "tool"}
    ((rule, (proof,)),) = [(rule, proofs) for rule, proofs in told.items() if proofs]
    assert rule == f"tool.text_{mark}"
    assert proof.value == "inputSchema.properties.a.description, character 12, 3 times in all"
    assert not any(list(rule.check(clean, context)) for rule in RULES if rule.kind == "tool")
