"""The policy: errors name line and key, and an empty one decides nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.governance.controls import controls
from agent.governance.draft import draft
from agent.governance.policy.model import Policy, PolicyError, load_policy, parse_policy
from agent.governance.supply_chain.server_policy import server_rule
from agent.reports.controls import lines
from tests import made

EXAMPLE = Path(__file__).parents[3] / "policy.example.toml"


def test_the_example_policy_is_valid_and_uses_every_section() -> None:
    policy = load_policy(EXAMPLE)
    assert policy.given
    assert policy.agent and policy.server and policy.owner and policy.exception
    assert policy.egress.allow and policy.rule


def test_a_typing_error_names_line_and_key_but_no_value(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('version = "1"\n\n[[agent]]\nid = "x"\nstat = "hunter2"\n\n[permissions]\nmax_mode = "sometimes"\n')
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    text = str(caught.value)
    assert f"{path}:5: agent.0.stat" in text
    assert f"{path}:8: permissions.max_mode" in text
    assert "hunter2" not in text and "sometimes" not in text.replace("'asks", "")


def test_without_a_policy_nothing_is_decided() -> None:
    policy = Policy()
    assert not policy.given
    assert policy.agent_rule("claude-code") is None


def test_a_server_rule_matches_only_when_all_its_fields_do() -> None:
    policy = Policy.model_validate({"server": [{"package": "npm:@good/*", "versions": ">=1,<2"}]})
    assert server_rule(made.server(package="pkg:npm/%40good/a@1.2.3"), policy)
    assert not server_rule(made.server(package="pkg:npm/%40good/a@2.0.0"), policy)
    assert not server_rule(made.server(package="pkg:npm/%40good/a"), policy)
    assert not server_rule(made.server(package="pkg:npm/%40bad/a@1.2.3"), policy)
    assert not server_rule(made.server(), Policy.model_validate({"server": [{}]}))


def test_a_drafted_policy_is_valid_and_names_what_is_there(tmp_path: Path) -> None:
    records = [
        made.agent("codex"),
        made.owner(),
        made.server(package="pkg:npm/%40a/b@1.0.0"),
        made.server("r", transport="http", url="https://mcp.x.test/"),
        made.server("l", command='/opt/"odd"'),
    ]
    path = tmp_path / "policy.toml"
    path.write_text(draft(records))
    policy = load_policy(path)
    assert [rule.id for rule in policy.agent] == ["codex"]
    assert all(server_rule(record, policy) for record in records[2:])  # type: ignore[arg-type]  # all servers
    assert {rule.state for rule in (*policy.agent, *policy.server)} == {"tolerated"}


def test_controls_are_those_of_the_standard_and_claim_no_conformity() -> None:
    ids = [control.id for control in controls()]
    assert ids == [*(f"A.{n}" for n in range(2, 11)), *(f"clause {n}" for n in range(4, 11))]
    told = list(lines([made.server(), made.agent()]))
    assert "  evidence: 1 mcp_server, 0 connection, 0 model_provider" in told
    assert sum(line.startswith("  cannot show: ") for line in told) == len(ids)


def test_of_thousands_of_mistakes_the_first_are_told_and_the_others_counted() -> None:
    text = 'version = "9"\n' + '[[rule]]\nid = "x"\n' * 9_000
    with pytest.raises(PolicyError) as caught:
        parse_policy(text, "p")
    lines = str(caught.value).splitlines()
    assert len(lines) == 21 and lines[0].startswith("p:3: rule.0.id")
    assert lines[-1].startswith("p: and ") and lines[-1].endswith(" more mistakes")


def test_more_entries_than_a_policy_has_are_refused_at_once() -> None:
    with pytest.raises(PolicyError, match="more than 10000"):
        parse_policy('version = "9"\n' + '[[rule]]\nid = "x"\n' * 50_000, "p")
