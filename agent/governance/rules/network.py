"""Rules about connections: who listens to whom, and where data goes."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from agent.governance.rules.rule import Rule, RuleContext, proof
from agent.records import Connection, Instance, ModelProvider, Proof
from agent.redaction.redact import url as redacted
from collectors.reach.this_machine import is_this_machine


def _exposed(connection: Connection, facts: RuleContext) -> Iterable[Proof]:
    instance = facts.records.get(connection.from_id)
    local = connection.local or ""
    exposed = connection.relation == "listening" and not local.startswith(("127.", "[::1]"))
    if exposed and isinstance(instance, Instance):
        yield proof(f"{instance.name} listens on", local)


def _egress(connection: Connection, facts: RuleContext) -> Iterable[Proof]:
    allowed = facts.policy.egress.allow
    if allowed and connection.relation == "established" and connection.remote:
        host = connection.host or connection.remote.rpartition(":")[0]
        if not host.startswith(("127.", "[::1]", "localhost")) and not any(fnmatchcase(host, a) for a in allowed):
            yield proof("connected to a host outside the allowed ones", host)


def _provider(provider: ModelProvider, facts: RuleContext) -> Iterable[Proof]:
    host = redacted(provider.base_url or "").host
    allowed = facts.policy.egress.allow
    if host and allowed and not is_this_machine(host) and not any(fnmatchcase(host, a) for a in allowed):
        yield proof("models are asked at a host outside the allowed ones", host)


def _provider_plain(provider: ModelProvider, facts: RuleContext) -> Iterable[Proof]:
    url = provider.base_url or ""
    host = redacted(url).host or ""
    if url.lower().startswith("http://") and not is_this_machine(host):
        yield proof("not encrypted", host)


def _provider_of_project(provider: ModelProvider, facts: RuleContext) -> Iterable[Proof]:
    host = redacted(provider.base_url or "").host
    if provider.scope == "project" and host and not is_this_machine(host):
        yield proof("a repository has models asked at", host)


RULES = (
    Rule("network.exposed", "Agent or MCP server reachable from other machines", "high", "connection", ("A.5", "A.7"),
         "Bind the server to the loopback address.", _exposed, cross_record=True),
    Rule("network.egress", "Connection to a host that is not sanctioned", "high", "connection", ("A.7",),
         "Find out what was sent there; allow the host in the policy or block it.", _egress),
    Rule("provider.egress", "Model provider outside the allowed hosts", "high", "model_provider", ("A.7", "A.10"),
         "Use a sanctioned provider, or allow its host in the policy.", _provider),
    Rule("provider.project", "Repository that moves the model provider of an agent", "high", "model_provider",
         ("A.5", "A.7", "A.10"), "Find out who gets prompts and key; set the provider in user or managed settings.",
         _provider_of_project),
    Rule("provider.plain_http", "Model provider without encryption", "high", "model_provider", ("A.7",),
         "Use https.", _provider_plain),
)  # fmt: skip
