"""Rules about drift: what is not as it was when the baseline was accepted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, get_args

from agent.governance.rules.rule import Rule, RuleContext, proof
from agent.records import AiAgent, Approval, Artifact, Connection, McpServer, ModelProvider, Posture, Proof, Record
from agent.records.posture import ApprovalMode, Network, Sandbox

_ORDERS = {"approval_mode": get_args(ApprovalMode), "sandbox": get_args(Sandbox), "network": get_args(Network)}
_STEERING = ("hook", "plugin", "skill", "subagent", "marketplace")


def _new(record: Record, facts: RuleContext) -> Iterator[Proof]:
    if facts.baseline and facts.baseline.is_new(record):
        yield proof("new since the baseline of", facts.baseline.accepted_at)
        yield proof("seen by", f"{record.evidence.collector}, {record.evidence.source}")


def _changed(record: Record, facts: RuleContext, *fields: str) -> Iterator[Proof]:
    for name, before, after in facts.baseline.changes(record) if facts.baseline else ():
        if name in fields:
            yield proof(f"{name} since the baseline", f"from {before} to {after}")


def _agent(agent: AiAgent, facts: RuleContext) -> Iterable[Proof]:
    return _new(agent, facts)


def _server(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    return _new(server, facts)


def _launch(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    return _changed(server, facts, "launch_hash", "package", "url", "injects", "script")


def _switched_on(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    return (found for found in _changed(server, facts, "enabled") if server.enabled)


def _loosened(posture: Posture, facts: RuleContext) -> Iterable[Proof]:
    if posture.basis == "effective" and facts.baseline:
        for name, before, after in facts.baseline.changes(posture):
            if order := _ORDERS.get(name):
                if after and (not before or order.index(after) > order.index(before)):
                    by = f", set by {posture.set_by}" if name == "approval_mode" else ""
                    yield proof(f"{name} since the baseline", f"from {before} to {after}{by}")
            elif isinstance(after, list):
                yield from (
                    proof(f"{name} since the baseline", _words(item))
                    for item in after
                    if item not in before and _loose(item)
                )


def _loose(item: Any) -> bool:
    return not isinstance(item, dict) or item["effect"] == "allow"


def _words(item: Any) -> str | None:
    """A folder, a variable, or a rule that allows something."""
    return f"{item['effect']} {item['tool'] or item['subject']} {item['pattern']}" if isinstance(item, dict) else item


def _approved(approval: Approval, facts: RuleContext) -> Iterable[Proof]:
    if approval.state == "approved":
        yield from _new(approval, facts)
        yield from _changed(approval, facts, "state")


def _provider(provider: ModelProvider, facts: RuleContext) -> Iterable[Proof]:
    if provider.base_url:
        yield from _new(provider, facts)
        yield from _changed(provider, facts, "base_url")


def _artifact(artifact: Artifact, facts: RuleContext) -> Iterable[Proof]:
    return _new(artifact, facts) if artifact.artifact in _STEERING else ()


def _content(artifact: Artifact, facts: RuleContext) -> Iterable[Proof]:
    return _changed(artifact, facts, "content_hash")


def _egress(connection: Connection, facts: RuleContext) -> Iterable[Proof]:
    return _new(connection, facts) if connection.relation == "established" and _goes_out(connection, facts) else ()


def _goes_out(connection: Connection, facts: RuleContext) -> bool:
    """Whether the baseline knows no connection to this host: addresses and processes come and go."""
    host = connection.host or (connection.remote or "").rpartition(":")[0]
    known = facts.baseline.accepted.values() if facts.baseline else ()
    return not any(host in (about.get("host"), str(about.get("remote")).rpartition(":")[0]) for about in known)


_WATCH = ("A.6", "clause 9")

RULES = (
    Rule("drift.agent", "New AI agent since the baseline", "medium", "ai_agent", ("A.4", *_WATCH),
         "Assess the agent, then accept a new baseline.", _agent),
    Rule("drift.server", "New MCP server since the baseline", "medium", "mcp_server", ("A.4", "A.5", *_WATCH),
         "Assess the server, then accept a new baseline.", _server),
    Rule("drift.launch", "MCP server launch changed since the baseline", "high", "mcp_server", ("A.10", *_WATCH),
         "Compare the definitions; accept a new baseline if the change was meant.", _launch),
    Rule("drift.enabled", "MCP server enabled since the baseline", "low", "mcp_server", _WATCH,
         "Accept a new baseline if the change was meant.", _switched_on),
    Rule("drift.posture", "Permissions looser than in the baseline", "high", "posture", ("A.6", *_WATCH),
         "Find out who loosened them; restore them or accept a new baseline.", _loosened),
    Rule("drift.approval", "MCP server approved since the baseline", "medium", "approval", ("A.6", "A.10", "clause 9"),
         "Find out who approved it, then accept a new baseline.", _approved),
    Rule("drift.provider", "Models asked elsewhere than in the baseline", "high", "model_provider",
         ("A.7", "A.10", "clause 9"), "Find out who moved the provider, and who gets the prompts.", _provider),
    Rule("drift.artifact", "New skill, hook or plug-in since the baseline", "medium", "artifact", ("A.5", *_WATCH),
         "Read what it makes the agent do, then accept a new baseline.", _artifact),
    Rule("drift.content", "Skill, hook or rule changed since the baseline", "medium", "artifact", _WATCH,
         "Read the change, then accept a new baseline.", _content),
    Rule("drift.egress", "Connection to a new host since the baseline", "medium", "connection", ("A.7", *_WATCH),
         "Find out what was sent there.", _egress),
)  # fmt: skip
