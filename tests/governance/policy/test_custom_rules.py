"""Rules of the organisation: conditions on fields, checked when the policy is read, with the life of any other rule."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agent.governance.findings import Assessor
from agent.governance.policy.custom_rules import JUDGED_KINDS
from agent.governance.policy.model import Policy, PolicyError, parse_policy
from agent.governance.rules.custom import custom_rules
from agent.governance.rules.rule import RuleContext
from agent.records import KINDS, DataSource, Finding, McpServer
from collectors.catalog.catalog import Catalog
from tests import made
from tests.counting import ends

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HEAD = 'version = "1"\n'
RULE = """
[[rule]]
id = "org.npx"
title = "Server started by npx"
severity = "low"
kind = "mcp_server"
remediation = "Install it."
"""


def found(conditions: str, server: McpServer, more: str = "") -> list[Finding]:
    policy = parse_policy(HEAD + more + RULE + conditions, "policy.toml")
    facts = RuleContext({server.id: server}, policy, Catalog(()))
    return list(Assessor(custom_rules(policy), policy).assess(facts, {}, NOW).values())


SERVER = made.server(
    command="/usr/bin/npx",
    args=("-y", "@scope/tool"),
    enabled=True,
    data=(DataSource(kind="filesystem", target="/srv"), DataSource(kind="filesystem", target="/home/dev")),
)


@pytest.mark.parametrize(
    ("conditions", "fires"),
    [
        ('all = [{ field = "command", matches = "*/npx" }]', True),
        ('all = [{ field = "command", matches = "*/NPX" }]', False),
        ('all = [{ field = "command", equals = "npx" }]', False),
        ('all = [{ field = "args", equals = "-y" }]', True),
        ('all = [{ field = "args", equals = "-y", not = true }]', False),
        ('all = [{ field = "agent", in = ["other", "demo"] }]', True),
        ('all = [{ field = "url", exists = false }, { field = "command", exists = true }]', True),
        ('all = [{ field = "env_names", exists = true }]', False),
        ('all = [{ field = "data.target", matches = "/home/*" }]', True),
        ('all = [{ field = "source.path", matches = "/etc/*" }]', False),
        ('all = [{ field = "enabled", equals = true }]', True),
        ('all = [{ field = "scope", equals = "user" }]\nany = [{ field = "name", equals = "x" }]', False),
        ('any = [{ field = "name", equals = "x" }, { field = "name", equals = "files" }]', True),
        (
            'all = [{ any = [{ field = "name", equals = "x" }, { all = [{ field = "agent", equals = "demo" }] }] }]',
            True,
        ),
        ('all = [{ all = [{ field = "agent", equals = "demo" }], not = true }]', False),
        ('all = [{ field = "url", matches = "*" }]', False),
    ],
)
def test_a_rule_fires_where_its_conditions_hold(conditions: str, fires: bool) -> None:
    assert bool(found(conditions, SERVER)) is fires


def test_a_finding_of_it_is_like_any_other() -> None:
    exception = '[[exception]]\nrule = "org.*"\nowner = "Dana"\nreason = "bench"\nexpires = 2026-12-31\n'
    graver = '[rules]\nseverity = { "org.npx" = "high" }\n'
    controls = 'controls = ["A.10"]\n'
    (finding,) = found(controls + 'all = [{ field = "args", matches = "@*" }]', SERVER, exception + graver)
    assert (finding.rule, finding.severity, finding.state) == ("org.npx", "high", "acknowledged")
    assert finding.controls == ("A.10",)
    assert [(proof.what, proof.value) for proof in finding.evidence_for] == [("args matches", "@scope/tool")]
    assert not found('all = [{ field = "args", exists = true }]', SERVER, '[rules]\ndisabled = ["org.npx"]\n')


def test_numbers_are_compared() -> None:
    text = HEAD + RULE.replace("mcp_server", "ai_agent") + 'all = [{ field = "servers", at_least = 3 }]'
    (rule,) = custom_rules(parse_policy(text, "p"))
    facts = RuleContext({}, Policy(), Catalog(()))
    assert list(rule.check(made.agent(servers=3), facts))
    assert not list(rule.check(made.agent(servers=2), facts))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('all = [{ field = "packge", exists = true }]', "p:9: rule.0.all.0.field: no such field; there are a"),
        ('all = [{ field = "source.file", exists = true }]', "rule.0.all.0.field: no such field; there are key, path"),
        ('all = [{ field = "name.x", exists = true }]', "rule.0.all.0.field: nothing is below this field"),
        ('all = [\n{ field = "name", equals = 1 },\n]', "p:9: rule.0.all.0.equals: must be str"),
        ('all = [{ field = "transport", equals = "htp" }]', "rule.0.all.0.equals: can only be http, sse, stdio"),
        ('all = [{ field = "transport", in = ["http", "x"] }]', "rule.0.all.0.in: can only be"),
        ('all = [{ field = "enabled", matches = "t*" }]', "rule.0.all.0.matches: only text can match"),
        ('all = [{ field = "name", at_least = 1 }]', "rule.0.all.0.at_least: only a number"),
        ('all = [{ field = "observed_at", equals = "x" }]', "can only be asked whether it exists"),
        ('all = [{ field = "name" }]', "rule.0.all.0: must have exactly one of equals, in, matches"),
        ('all = [{ field = "name", equals = "x", matches = "x" }]', "rule.0.all.0: must have exactly one of"),
        ('all = [{ equals = "x" }]', "rule.0.all.0: must have either a field"),
        ('any = [{ all = [{ field = "nme", exists = true }] }]', "p:9: rule.0.any.0.all.0.field: no such field"),
        ("", "p:3: rule.0: must have conditions"),
        ('all = [{ field = "name", regex = ".*" }]', "rule.0.all.0.regex: Extra inputs"),
    ],
)
def test_a_condition_that_could_never_hold_is_an_error_with_line_and_key(text: str, error: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(HEAD + RULE + text, "p")
    assert error in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("org.npx", "server.floating", "p:4: rule.0.id"),
        ("mcp_server", "finding", "p:7: rule.0.kind: must be one of ai_agent, approval"),
        ("mcp_server", "hunter2", "p:7: rule.0.kind: must be one of"),
        ('severity = "low"', 'severity = "grave"', "p:6: rule.0.severity"),
    ],
)
def test_a_rule_that_is_none_is_an_error_with_line_and_key(old: str, new: str, error: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(HEAD + RULE.replace(old, new) + 'all = [{ field = "id", exists = true }]', "p")
    assert error in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_two_rules_need_two_ids() -> None:
    rule = RULE + 'all = [{ field = "id", exists = true }]\n'
    with pytest.raises(PolicyError, match=r"p:12: rule\.1\.id"):
        parse_policy(HEAD + rule + rule, "p")


def test_conditions_may_stand_in_tables_of_their_own() -> None:
    text = HEAD + RULE + '[[rule.all]]\nfield = "name"\nequals = "files"\n[[rule.all]]\nfield = "nme"\nexists = true\n'
    with pytest.raises(PolicyError, match=r"p:13: rule\.0\.all\.1\.field"):
        parse_policy(text, "p")


def test_no_pattern_takes_long() -> None:
    pattern = "*a" * 30 + "b"
    server = made.server(args=("a" * 5000,) * 3)
    with ends():
        assert not found(f'all = [{{ field = "args", matches = "{pattern}" }}]', server)


@pytest.mark.parametrize("kind", sorted(JUDGED_KINDS))
def test_every_field_of_every_kind_can_be_asked_whether_it_exists(kind: str) -> None:
    for name, field in KINDS[kind].model_fields.items():
        conditions = f'all = [{{ field = "{field.alias or name}", exists = true }}]'
        assert parse_policy(HEAD + RULE.replace("mcp_server", kind) + conditions, "p").rule
