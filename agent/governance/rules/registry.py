"""The rules, by subject, in the order they are listed."""

from agent.governance.rules import (
    agents,
    artifacts,
    behaviour,
    drift,
    gaps,
    hidden_text,
    names,
    network,
    owners,
    permissions,
    policy,
    reach,
    requirements,
    servers,
    tools,
)
from agent.governance.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    *agents.RULES,
    *servers.RULES,
    *tools.RULES,
    *reach.RULES,
    *names.RULES,
    *owners.RULES,
    *network.RULES,
    *permissions.RULES,
    *requirements.RULES,
    *artifacts.RULES,
    *hidden_text.RULES,
    *behaviour.RULES,
    *gaps.RULES,
    *policy.RULES,
    *drift.RULES,
)
