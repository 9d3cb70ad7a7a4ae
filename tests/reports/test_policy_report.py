"""What the policy says of many subjects: how many have which answer, and each when asked."""

from __future__ import annotations

import csv

from agent.governance.policy_explanation import Explanation, Topic
from agent.reports import policy
from agent.reports.policy import PolicyExplanation


def explained(count: int) -> PolicyExplanation:
    topics = (Topic("state", "unknown: no rule matches", ()),)
    return PolicyExplanation(None, [Explanation("mcp_server", f"id{n}", f"s{n}", "dev", topics) for n in range(count)])


def test_of_many_subjects_those_with_the_same_answer_are_one_line() -> None:
    text = "\n".join(policy.lines(explained(300)))
    assert len([line for line in text.splitlines() if line.startswith("mcp_server")]) == 1
    assert " 300 " in text and "s299" not in text and "--all" in text
    assert "s299" in "\n".join(policy.each(explained(300)))
    assert list(policy.lines(explained(3))) == list(policy.each(explained(3)))


def test_a_sheet_has_a_row_a_subject_and_topic() -> None:
    rows = list(csv.DictReader(policy.csv(explained(300))))
    assert len(rows) == 300 and rows[299]["subject"] == "s299" and rows[0]["topic"] == "state"
