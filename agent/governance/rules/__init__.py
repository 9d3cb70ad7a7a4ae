"""The rules, by subject, in the order they are listed."""

from agent.governance.rule import Rule
from agent.governance.rules import (
    agents,
    artifacts,
    drift,
    envelope,
    evidence,
    identity,
    names,
    network,
    permissions,
    reach,
    servers,
)

RULES: tuple[Rule, ...] = (
    *agents.RULES,
    *servers.RULES,
    *reach.RULES,
    *names.RULES,
    *identity.RULES,
    *network.RULES,
    *permissions.RULES,
    *artifacts.RULES,
    *evidence.RULES,
    *envelope.RULES,
    *drift.RULES,
)
