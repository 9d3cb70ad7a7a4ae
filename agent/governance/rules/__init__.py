"""The rules, by subject, in the order they are listed."""

from agent.governance.rule import Rule
from agent.governance.rules import agents, artifacts, drift, evidence, identity, network, permissions, servers

RULES: tuple[Rule, ...] = (
    *agents.RULES,
    *servers.RULES,
    *identity.RULES,
    *network.RULES,
    *permissions.RULES,
    *artifacts.RULES,
    *evidence.RULES,
    *drift.RULES,
)
