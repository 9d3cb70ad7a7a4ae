"""The organisation's policy and the rules: check, explain, draft, list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, FAILURE, Shared, declare, group, progress, write
from agent.reports import report
from agent.runtime.terminal import show, show_text, tell

if TYPE_CHECKING:
    from agent.cli.common import Commands
    from agent.governance.rules.rule import Rule


def add(commands: Commands) -> None:
    """Declare `policy check`, `policy explain`, `policy init`, `rules list` and `rules show`."""
    policy = group(commands, "policy", "the organisation's policy")
    check = policy.add_parser("check", help="name line and key of each error")
    check.add_argument("file", type=Path, metavar="FILE", nargs="?", help="default: the one that the settings name")
    declare(check, lambda shared, given: _check(shared, given.file))
    why = policy.add_parser("explain", help="what the policy says of agents, servers and findings, and why")
    why.add_argument("subjects", nargs="*", metavar="SUBJECT", help="name or id, may hold *; default: all")
    declare(
        why, lambda shared, given: _explain(shared, given.subjects), ("root", "output", "all"), report.POLICY.formats
    )
    draft = policy.add_parser("init", help="draft a policy from today's inventory")
    declare(draft, lambda shared, _: _init(shared), ("root",))
    rules = group(commands, "rules", "what findings are made of")
    declare(rules.add_parser("list", help="one line per rule"), lambda shared, _: _rules_list(shared))
    show = rules.add_parser("show", help="everything about one rule")
    show.add_argument("id", metavar="ID")
    declare(show, lambda shared, given: _rules_show(shared, given.id))


def _check(shared: Shared, file: Path | None) -> int:
    from agent.config.error import ConfigError
    from agent.governance.policy.model import load_policy
    from agent.service import scan

    if file is None:
        in_force = scan.policy_of(shared.settings())
        if in_force.trouble or not in_force.place:
            raise ConfigError(in_force.trouble.reason if in_force.trouble else "the settings name no policy")
        show([f"{in_force.place}: version {in_force.policy.version} is ok"])
        return COMPLETE
    policy = load_policy(file)
    show([f"{file}: version {policy.version} is ok"])
    return COMPLETE


def _explain(shared: Shared, subjects: list[str]) -> int:
    from agent.reports.policy import explanation
    from agent.service import scan

    with progress():
        look = scan.take_inventory(shared.settings(), shared.root)
    explained = explanation(look.records, look.policy, subjects)
    write(report.POLICY, explained, shared)
    if subjects and not explained.found:
        tell(f"rollcall: no agent, server or finding here is called {' or '.join(subjects)}")
        return FAILURE
    return COMPLETE


def _init(shared: Shared) -> int:
    from agent.governance.draft import draft
    from agent.service import scan

    show_text(draft(scan.take_inventory(shared.settings(), shared.root).records))
    return COMPLETE


def _rules(shared: Shared) -> tuple[Rule, ...]:
    """Those of Rollcall and those of the policy."""
    from agent.governance.rules.custom import custom_rules
    from agent.governance.rules.registry import RULES
    from agent.service import scan

    return (*RULES, *custom_rules(scan.policy_of(shared.settings()).policy))


def _rules_list(shared: Shared) -> int:
    write(report.RULES, _rules(shared), shared)
    return COMPLETE


def _rules_show(shared: Shared, rule_id: str) -> int:
    from agent.config.error import ConfigError

    rule = next((rule for rule in _rules(shared) if rule.id == rule_id), None)
    if rule is None:
        raise ConfigError(f"no rule {rule_id!r}")
    write(report.RULE, rule, shared)
    return COMPLETE
