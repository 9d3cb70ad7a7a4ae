"""Rules about people: every agent and server has somebody who answers for it."""

from __future__ import annotations

from collections.abc import Iterable

from agent.governance.rule import Facts, Rule, proof
from agent.records import AiAgent, McpServer, Owner, Proof


def _unassigned(agent: AiAgent, facts: Facts) -> Iterable[Proof]:
    if facts.policy.given and agent.owner and facts.policy.accountable(agent.owner) is None:
        yield proof("no person is assigned to the account", agent.owner)


def _account(facts: Facts, name: str | None) -> Owner | None:
    return next((owner for owner in facts.of("owner") if owner.owner == name), None)


def _service(agent: AiAgent, facts: Facts) -> Iterable[Proof]:
    owner = _account(facts, agent.owner)
    if owner and owner.account == "service":
        yield proof("a service account", owner.owner)


def _root(agent: AiAgent, facts: Facts) -> Iterable[Proof]:
    owner = _account(facts, agent.owner)
    if owner and owner.account == "root":
        yield proof("in the home of", owner.owner)


def _orphan(server: McpServer, facts: Facts) -> Iterable[Proof]:
    if server.owner and _account(facts, server.owner) is None:
        yield proof("no account of this name", server.owner)


RULES = (
    Rule("owner.unassigned", "Agent that no person answers for", "medium", "ai_agent", ("A.3",),
         "Assign a person to the account in the policy.", _unassigned),
    Rule("owner.service", "Agent of a service account", "high", "ai_agent", ("A.3",),
         "Give the agent an owner, or remove it.", _service, joint=True),
    Rule("owner.root", "Agent configured for root", "medium", "ai_agent", ("A.3", "A.6"),
         "Use the agent under a personal account.", _root, joint=True),
    Rule("owner.orphan", "MCP server of an account that does not exist", "medium", "mcp_server", ("A.3",),
         "Remove the definition, or give it an owner.", _orphan, joint=True),
)  # fmt: skip
