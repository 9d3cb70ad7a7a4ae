"""Rules about agents: are they sanctioned, in which version, run by whom."""

from __future__ import annotations

from collections.abc import Iterable

from agent.governance.policy.versions import outside
from agent.governance.rules.rule import Rule, RuleContext, proof
from agent.governance.supply_chain.known_bad import worst
from agent.records import AiAgent, Instance, Proof
from agent.records.finding import Severity


def _unsanctioned(agent: AiAgent, facts: RuleContext) -> Iterable[Proof]:
    rule = facts.policy.agent_rule(agent.agent)
    if rule and rule.state == "unsanctioned":
        yield proof("the policy does not sanction this agent", rule.id)


def _unknown(agent: AiAgent, facts: RuleContext) -> Iterable[Proof]:
    if facts.policy.given and facts.policy.agent_rule(agent.agent) is None:
        yield proof("the policy does not name this agent", agent.agent)


def _version(agent: AiAgent, facts: RuleContext) -> Iterable[Proof]:
    rule = facts.policy.agent_rule(agent.agent)
    if rule and rule.versions and agent.version and outside(agent.version, rule.versions):
        yield proof(f"installed version is outside {rule.versions}", agent.version)


def _version_unknown(agent: AiAgent, facts: RuleContext) -> Iterable[Proof]:
    rule = facts.policy.agent_rule(agent.agent)
    if rule and rule.versions and agent.installed and not agent.version:
        yield proof("the policy limits versions and the installed one is not known", rule.versions)


def _known_bad(agent: AiAgent, facts: RuleContext) -> Iterable[Proof]:
    for bad in facts.known_bad.of_agent(agent):
        yield proof(f"{bad.why} ({bad.source}, {bad.date})", agent.version)


def _how_bad(agent: AiAgent, facts: RuleContext) -> Severity | None:
    return worst(facts.known_bad.of_agent(agent))


def _as_root(instance: Instance, facts: RuleContext) -> Iterable[Proof]:
    if instance.subject == "agent" and instance.euid == 0:
        yield proof("effective user id", 0)
        if instance.login_uid not in (None, 0):
            yield proof("logged in as user id", instance.login_uid)


def _bypass(instance: Instance, facts: RuleContext) -> Iterable[Proof]:
    if instance.bypass_flags and not facts.policy.permissions.allow_bypass_flags:
        yield from (proof("started with", flag) for flag in instance.bypass_flags)


def _in_container(instance: Instance, facts: RuleContext) -> Iterable[Proof]:
    if instance.subject == "agent" and instance.container:
        yield proof("runs in", instance.container)


def _role(agent: AiAgent, facts: RuleContext) -> Iterable[Proof]:
    rule = facts.policy.agent_rule(agent.agent)
    if facts.policy.given and rule is not None and rule.role is None and rule.in_scope is None:
        yield proof("the policy says neither role nor scope", rule.id)


RULES = (
    Rule(
        "agent.unsanctioned", "AI agent forbidden by policy", "high", "ai_agent", ("A.4", "A.9", "clause 4"),
        "Remove the agent, or sanction it in the policy after an assessment.", _unsanctioned,
    ),
    Rule(
        "agent.unknown", "AI agent not covered by policy", "medium", "ai_agent", ("A.4", "clause 4"),
        "Decide on the agent and add it to the policy.", _unknown,
    ),
    Rule(
        "agent.version", "AI agent outside its sanctioned versions", "medium", "ai_agent", ("A.6", "A.10"),
        "Bring the agent to a sanctioned version.", _version,
    ),
    Rule(
        "agent.version_unknown", "AI agent version not comparable with policy", "low", "ai_agent", ("A.6",),
        "Install the agent from a package whose version can be read.", _version_unknown,
    ),
    Rule(
        "agent.known_bad", "AI agent in a version known to be harmful or vulnerable", "critical", "ai_agent",
        ("A.6", "A.10"), "Update the agent; after a harmful version replace the secrets that it could reach.",
        _known_bad, graded=_how_bad,
    ),
    Rule(
        "agent.as_root", "AI agent running as root", "high", "instance", ("A.3", "A.6"),
        "Run the agent under the account of the person who uses it.", _as_root,
    ),
    Rule(
        "agent.bypass", "AI agent started with approvals or sandbox off", "critical", "instance", ("A.6", "A.9"),
        "Start the agent without these flags, or grant a dated exception.", _bypass,
    ),
    Rule(
        "agent.in_container", "AI agent running in a container", "info", "instance", ("A.4",),
        "See that the container's configuration is part of the inventory too.", _in_container,
    ),
    Rule(
        "agent.role", "AI agent without recorded role and scope", "low", "ai_agent", ("clause 4",),
        "Record role or scope of the agent in the policy.", _role,
    ),
)  # fmt: skip
