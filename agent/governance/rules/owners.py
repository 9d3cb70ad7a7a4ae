"""Rules about people: every agent, server and process has somebody who answers for it."""

from __future__ import annotations

from collections.abc import Iterable

from agent.governance.rules.rule import Rule, RuleContext, proof
from agent.records import AiAgent, Instance, Owner, Proof
from agent.redaction.patterns import word_set

_SHARED_NAMES = word_set(
    "admin administrator build builder ci deploy developer docker ec2-user azureuser guest jenkins kiosk lab public "
    "runner shared student test training ubuntu user vagrant"
)
"""Accounts that images, installers and schools make for whoever comes."""


def _unassigned(agent: AiAgent, facts: RuleContext) -> Iterable[Proof]:
    # What is merely installed for everybody is used by nobody yet.
    at_work = agent.owner or agent.servers or agent.running
    if agent.accountable is None and at_work:
        yield proof("nobody answers for", agent.owner or "what is set for the whole machine")
    elif agent.accountable_by == "account" and facts.policy.owner:
        yield proof("the policy assigns people to accounts, and nobody to", agent.owner)


def _instance_unassigned(instance: Instance, facts: RuleContext) -> Iterable[Proof]:
    if instance.accountable is None:
        yield proof("nobody answers for what runs as", instance.owner or instance.uid)


def _service(agent: AiAgent, facts: RuleContext) -> Iterable[Proof]:
    owner = facts.accounts.get(agent.owner)
    if owner and owner.account == "service":
        yield proof("a service account", owner.owner)


def _root(agent: AiAgent, facts: RuleContext) -> Iterable[Proof]:
    owner = facts.accounts.get(agent.owner)
    if owner and owner.account == "root":
        yield proof("in the home of", owner.owner)


def _orphan(agent: AiAgent, facts: RuleContext) -> Iterable[Proof]:
    owner = facts.accounts.get(agent.owner)
    if agent.owner and (owner is None or owner.account == "unknown"):
        yield proof("no account of this name", agent.owner)


def _shared(owner: Owner, facts: RuleContext) -> Iterable[Proof]:
    logins = facts.logins.get(owner.owner, ())
    if len(logins) > 1 and owner.account != "root":
        yield proof("agents run in it for the logins of user ids", ", ".join(map(str, sorted(logins))))
    named = (owner.owner or "").lower() in _SHARED_NAMES and owner.accountable_by in (None, "account")
    if named and any(agent.owner == owner.owner for agent in facts.of("ai_agent")):
        yield proof("an account for whoever comes, assigned to nobody", owner.owner)


RULES = (
    Rule("owner.unassigned", "AI agent without accountable owner", "medium", "ai_agent", ("A.3",),
         "Assign a person to the account, in the policy or the assignment file.", _unassigned),
    Rule("owner.instance_unassigned", "Running AI agent or MCP server without accountable owner", "medium", "instance",
         ("A.3",), "Assign a person to the account that it runs as, or run it under a personal one.",
         _instance_unassigned),
    Rule("owner.shared", "Account shared by several people", "medium", "owner", ("A.3",),
         "Give each person an account of their own, or assign the one who answers for it.", _shared, cross_record=True),
    Rule("owner.service", "AI agent of a service account", "high", "ai_agent", ("A.3",),
         "Give the agent an owner, or remove it.", _service, cross_record=True),
    Rule("owner.root", "AI agent configured for root", "medium", "ai_agent", ("A.3", "A.6"),
         "Use the agent under a personal account.", _root, cross_record=True),
    Rule("owner.orphan", "AI agent of an account that does not exist", "medium", "ai_agent", ("A.3",),
         "Remove the agent and its files, or give them an owner.", _orphan, cross_record=True),
)  # fmt: skip
