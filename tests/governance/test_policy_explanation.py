"""Explanations: which part of the policy decided, which did not and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from agent.governance.findings import Assessor
from agent.governance.policy.in_force import InForce
from agent.governance.policy.last_good import LastGood
from agent.governance.policy.model import parse_policy
from agent.governance.policy_explanation import Explainer, Step, Topic
from agent.governance.rules.registry import RULES
from agent.governance.rules.rule import RuleContext
from agent.records import AiAgent, Finding, McpServer, Posture, Record
from agent.reports.policy import explanation, lines
from collectors.catalog.catalog import Catalog
from tests import made

POLICY = """version = "4"
[[agent]]
id = "codex"
[[agent]]
id = "de*"
versions = ">=2"
max_mode = "asks_always"
[[agent]]
id = "demo"
[[server]]
package = "npm:@good/*"
versions = ">=2"
[[server]]
name = "files"
state = "tolerated"
[[owner]]
account = "root"
person = "Rita"
[[owner]]
account = "dev"
person = "Dana"
[[exception]]
rule = "server.*"
server = "other"
owner = "Dana"
reason = "bench"
expires = 2999-01-01
[[exception]]
rule = "server.inline_secret"
owner = "Dana"
reason = "old"
expires = 2020-01-01
[[exception]]
rule = "server.inline*"
owner = "Dana"
reason = "test bench"
expires = 2999-12-31
[egress]
allow = ["*.good.test"]
"""
SERVER = made.server(package="pkg:npm/%40good/a@1.0.0", pinned=True, inline_secret=True, url="https://x.bad.test")
AGENT = made.agent(version="1.5")


def told(*records: Record, text: str = POLICY) -> tuple[list[Record], InForce]:
    policy = parse_policy(text, "p") if text else InForce().policy
    facts = RuleContext({record.id: record for record in records}, policy, Catalog(()))
    found = Assessor(RULES, policy).assess(facts, {}, datetime.now(UTC))
    good = LastGood(text=text, place="p") if text else None
    return [*records, *found.values()], InForce(policy, "p" if text else "", good)


def topics(record: AiAgent | McpServer | Finding, *records: Record, text: str = POLICY) -> dict[str, Topic]:
    held, in_force = told(record, *records, text=text)
    return {topic.name: topic for topic in Explainer(held, in_force).explain(record).topics}


def test_of_an_agent_the_first_rule_that_matches_decides_and_the_others_say_why_not() -> None:
    agent = AGENT.changed(sanction="sanctioned", role="user")
    state = topics(agent)["state"]
    assert state.answer == "sanctioned, in scope, role user"
    assert state.steps == (
        Step("agent 1", 2, False, "is about codex"),
        Step("agent 2", 4, True, "decides"),
        Step("agent 3", 8, False, "would match, but an earlier one decides"),
    )
    assert topics(agent)["version"].answer == "1.5: outside (>=2)"


def test_of_a_server_each_rule_says_what_it_lacks() -> None:
    found = topics(SERVER)
    assert found["state"].answer == "tolerated"
    assert [step.why for step in found["state"].steps] == ["is about versions >=2, and this one has 1.0.0", "decides"]
    assert found["egress"].answer == "1 of 1 hosts outside"
    bare = topics(made.server("bare", command="x"))
    assert bare["state"].answer == "unknown: no rule matches"
    assert bare["state"].steps[0].why == "is about package npm:@good/*, and this one has none"


def test_of_a_finding_each_exception_says_whether_it_covers_it_and_until_when() -> None:
    finding = topics(SERVER)["finding server.inline_secret"]
    assert finding.answer.startswith("high, acknowledged since ")
    assert finding.steps == (
        Step("exception 1", 22, False, "is for other servers"),
        Step("exception 2", 28, False, "expired on 2020-01-01"),
        Step("exception 3", 33, True, "covers it until 2999-12-31: test bench (Dana)"),
    )


def test_the_ceiling_is_named_with_what_lies_above_it() -> None:
    fields: dict[str, Any] = {"endpoint_id": "e", "owner": "dev", "evidence": AGENT.evidence, "agent": "demo"}
    loose = Posture(**fields, basis="effective", set_by="user", approval_mode="auto_approves")
    permissions = topics(AGENT, loose)["permissions"]
    assert permissions.answer == "asks_always at most, by the agent's rule"
    (step,) = permissions.steps
    assert step == Step("effective in every project: auto_approves", None, True, "above the ceiling, set by user")
    assert "finding posture.above_ceiling" in topics(AGENT, loose)


def test_the_accountable_person_comes_with_the_rule_that_named_it() -> None:
    agent = AGENT.changed(accountable="Dana", accountable_by="policy")
    owner = topics(agent)["accountable"]
    assert owner.answer == "Dana, by policy"
    assert [(step.applies, step.why) for step in owner.steps] == [(False, "is about account root"), (True, "decides")]


def test_subjects_are_found_by_name_id_and_pattern_and_nothing_is_invented() -> None:
    records, in_force = told(AGENT, SERVER)

    def found(*subjects: str) -> list[str]:
        return sorted({one.kind for one in explanation(records, in_force, subjects).found})

    assert found() == ["ai_agent", "mcp_server"]
    assert found("DEMO") == ["ai_agent"]
    assert found(SERVER.id) == ["mcp_server"]
    assert found("demo/fil*") == ["mcp_server"]
    assert found("server.*") == ["finding"]
    assert found("nothing") == []


def test_without_a_policy_the_text_says_so_and_no_name_reaches_the_terminal_raw() -> None:
    records, in_force = told(made.server("\x1b[31mred"), text="")
    text = list(lines(explanation(records, in_force, [])))
    assert text[0].startswith("no policy")
    assert not any("\x1b" in line for line in text)
