"""Rules about drift: what is not as it was when the baseline was accepted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args

from agent.governance.rules.rule import Rule, RuleContext, proof
from agent.records import AiAgent, Artifact, Connection, McpServer, Posture, Proof, Record
from agent.records.posture import ApprovalMode, Sandbox

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
    return _changed(server, facts, "launch_hash", "package", "url")


def _switched_on(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    return (found for found in _changed(server, facts, "enabled") if server.enabled)


def _loosened(posture: Posture, facts: RuleContext) -> Iterable[Proof]:
    if posture.basis == "effective" and facts.baseline:
        for name, before, after in facts.baseline.changes(posture):
            order = get_args(ApprovalMode) if name == "approval_mode" else get_args(Sandbox)
            if after and (not before or order.index(after) > order.index(before)):
                yield proof(f"{name} since the baseline", f"from {before} to {after}, set by {posture.set_by}")


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
    Rule("drift.artifact", "New skill, hook or plug-in since the baseline", "medium", "artifact", ("A.5", *_WATCH),
         "Read what it makes the agent do, then accept a new baseline.", _artifact),
    Rule("drift.content", "Skill, hook or rule changed since the baseline", "medium", "artifact", _WATCH,
         "Read the change, then accept a new baseline.", _content),
    Rule("drift.egress", "Connection to a new host since the baseline", "medium", "connection", ("A.7", *_WATCH),
         "Find out what was sent there.", _egress),
)  # fmt: skip
