"""Rules about hooks, plug-ins and skills: what runs or steers an agent besides servers."""

from __future__ import annotations

from collections.abc import Iterable

from agent.governance.rules.rule import Rule, RuleContext, proof
from agent.records import Artifact, Proof

_FETCHERS = frozenset({"curl", "wget", "nc", "ncat"})


def _project_hook(artifact: Artifact, facts: RuleContext) -> Iterable[Proof]:
    if artifact.artifact == "hook" and artifact.scope == "project":
        yield proof(f"{artifact.name} hook from a project runs", artifact.program or "no program that it names")


def _fetching_hook(artifact: Artifact, facts: RuleContext) -> Iterable[Proof]:
    if artifact.artifact == "hook" and (artifact.fetches or artifact.program in _FETCHERS):
        yield proof("hook program", artifact.program or "an address that is called")


def _marketplace(artifact: Artifact, facts: RuleContext) -> Iterable[Proof]:
    if artifact.artifact == "marketplace" and artifact.scope != "managed":
        yield proof("plug-ins come from", artifact.name)


RULES = (
    Rule("hook.project", "Project makes an agent run a program", "medium", "artifact", ("A.5", "A.6"),
         "Read the hook; move it to user or managed scope, or remove it.", _project_hook),
    Rule("hook.network", "Hook that runs a network client", "high", "artifact", ("A.6", "A.7"),
         "Read the hook and find out what it sends where.", _fetching_hook),
    Rule("plugin.marketplace", "Plug-in marketplace not set by administrators", "low", "artifact", ("A.10",),
         "List the allowed marketplaces in the client's managed settings.", _marketplace),
)  # fmt: skip
