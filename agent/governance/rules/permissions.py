"""Rules about permissions: what an agent may do without asking, and who let it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import get_args

from agent.governance.rules.rule import Rule, RuleContext, proof
from agent.records import Approval, Posture, Proof
from agent.records.posture import ApprovalMode
from agent.records.posture import Rule as PermissionRule
from agent.redaction.patterns import word_set
from collectors.catalog.permissions import Permissions
from collectors.catalog.rule_breadth import freeing
from collectors.reach.wide_paths import wide

_MODES = get_args(ApprovalMode)
_FETCHERS = word_set("curl wget nc ncat socat ssh scp")


def _bypasses(posture: Posture, facts: RuleContext) -> Iterable[Proof]:
    if posture.basis != "configured" and posture.approval_mode == "bypasses":
        yield proof(f"{posture.basis}, decided by {posture.set_by}", _place(posture))


def _above_ceiling(posture: Posture, facts: RuleContext) -> Iterable[Proof]:
    rule = facts.policy.agent_rule(posture.agent)
    ceiling = (rule.max_mode if rule else None) or facts.policy.permissions.max_mode
    mode, why = posture.approval_mode, ""
    if mode == "unknown" and posture.basis == "effective":
        # Whoever writes nonsense has no less than the default.
        mode = _permissions(posture, facts).default_mode(posture.client_version)
        why = " where its setting is ignored"
    if mode == "unknown":
        return
    if facts.policy.given and posture.basis != "configured" and mode and _MODES.index(mode) > _MODES.index(ceiling):
        yield proof(f"{mode}{why}, where the policy allows {ceiling} at most", _place(posture))


def _not_comparable(posture: Posture, facts: RuleContext) -> Iterable[Proof]:
    if facts.policy.given and posture.basis == "effective" and posture.approval_mode == "unknown":
        yield proof(f"the policy limits what it may do, and that is not known of {posture.agent}", _place(posture))


def _looser_than_set(posture: Posture, facts: RuleContext) -> Iterable[Proof]:
    if posture.basis != "observed":
        return
    effective = facts.effective(posture)
    if effective is None:
        return
    # An unknown setting hides nothing: whoever ran it unasked did more than what is known to be set.
    mode, set_mode = posture.approval_mode, effective.approval_mode
    if mode in ("auto_approves", "bypasses") and set_mode and _MODES.index(mode) > _MODES.index(set_mode):
        yield proof(f"ran with {mode}, where the settings come to {set_mode}", _place(posture))
    if posture.sandbox == "none" and effective.sandbox in ("full", "partial", "unknown"):
        yield proof(f"ran without a sandbox, where the settings come to {effective.sandbox}", _place(posture))


def _unchecked_version(posture: Posture, facts: RuleContext) -> Iterable[Proof]:
    if posture.basis == "effective" and posture.version_known is False and posture.project is None:
        yield proof("version that the catalog was not checked against", posture.client_version)


def _auto_approves(posture: Posture, facts: RuleContext) -> Iterable[Proof]:
    # Under a policy its ceiling decides.
    if posture.basis != "effective" or facts.policy.given:
        return
    if posture.approval_mode == "auto_approves":
        yield proof(f"decided by {posture.set_by}", _place(posture))
    elif posture.approval_mode == "unknown":
        default = _permissions(posture, facts).default_mode(posture.client_version)
        if default in ("auto_approves", "bypasses"):
            yield proof(f"default where its setting is ignored: {default}", _place(posture))


def _not_known(posture: Posture, facts: RuleContext) -> Iterable[Proof]:
    yield from (proof("value that is not understood at", key) for key in posture.unknown[:10])


def _injected(posture: Posture, facts: RuleContext) -> Iterable[Proof]:
    if posture.basis == "configured":
        whose = "a repository sets" if posture.set_by == "project" else f"set by {posture.set_by}"
        yield from (proof(whose, name) for name in posture.injects)


def _unclassified(posture: Posture, facts: RuleContext) -> Iterable[Proof]:
    yield from (proof("key that nobody has classified", key) for key in posture.unclassified[:10])


def _no_sandbox(posture: Posture, facts: RuleContext) -> Iterable[Proof]:
    acts = posture.approval_mode in ("auto_approves", "bypasses") or facts.policy.permissions.require_sandbox
    if posture.basis == "effective" and posture.sandbox == "none" and acts:
        yield proof("no sandbox", _place(posture))


def _allows_everything(posture: Posture, facts: RuleContext) -> Iterable[Proof]:
    if posture.basis == "effective":
        for rule in freeing(posture.rules, _permissions(posture, facts)):
            yield proof(f"allow rule set by {rule.set_by}", _words(rule))


def _project_loosens(posture: Posture, facts: RuleContext) -> Iterable[Proof]:
    if posture.basis != "configured" or posture.set_by != "project":
        return
    if posture.approval_mode in ("auto_approves", "bypasses"):
        yield proof(f"a repository asks for {posture.approval_mode}", _place(posture))
    if posture.sandbox == "none":
        yield proof("a repository switches the sandbox off", _place(posture))
    free = set(freeing(posture.rules, _permissions(posture, facts)))
    for rule in posture.rules:
        if rule.effect == "allow" and (rule in free or rule.subject == "server" or _fetches(rule)):
            yield proof("a repository allows itself", _words(rule))
    for server in posture.servers:
        if server.effect == "approve":
            yield proof("a repository approves a server of its own", server.pattern or "any")


def _fetches(rule: PermissionRule) -> bool:
    """Whether what it allows can send anything anywhere."""
    program = re.split(r"[\s:*]", rule.pattern.strip("/^"), maxsplit=1)[0]
    return rule.subject == "command" and program in _FETCHERS


def _permissions(posture: Posture, facts: RuleContext) -> Permissions:
    client = facts.catalog.clients.get(posture.agent)
    return (client.permissions if client else None) or Permissions(source="", checked="")


def _words(rule: PermissionRule) -> str:
    return f"{rule.tool} {rule.pattern}" if rule.tool and rule.tool not in rule.pattern else rule.pattern


def _trusts_much(posture: Posture, facts: RuleContext) -> Iterable[Proof]:
    if posture.basis != "effective":
        return
    homes = {owner.home for owner in facts.of("owner")}
    yield from (proof("trusted folder", folder) for folder in posture.trusted_folders if wide(folder, homes))


def _runs_unapproved(approval: Approval, facts: RuleContext) -> Iterable[Proof]:
    if approval.runs_anyway:
        yield proof(f"runs although {approval.state}", approval.server)


def _pending(approval: Approval, facts: RuleContext) -> Iterable[Proof]:
    if approval.state == "pending":
        yield proof("waits for a decision", approval.server)


def _place(posture: Posture) -> str:
    if posture.set_by == "session":
        # Not the file's name: each new session would make the finding another one.
        return f"transcripts of sessions in {posture.project or 'no project'}"
    return posture.source.path if posture.source else " ".join(posture.flags) or "the client's own default"


_OVERSIGHT = ("A.6", "A.9")

RULES = (
    Rule("posture.bypass", "Approval checks bypassed", "critical", "posture", ("A.3", *_OVERSIGHT),
         "Let the agent ask again, or grant a dated exception.", _bypasses),
    Rule("posture.above_ceiling", "Permissions above the policy's ceiling", "high", "posture", _OVERSIGHT,
         "Lower the approval mode to what the policy allows.", _above_ceiling),
    Rule("posture.not_comparable", "Permissions not comparable with the policy", "low", "posture",
         ("A.6", "clause 9"), "Set the approval mode where it can be read.", _not_comparable),
    Rule("posture.auto", "Actions approved automatically", "medium", "posture", _OVERSIGHT,
         "Let risky actions be asked for, or sanction the mode in the policy.", _auto_approves),
    Rule("posture.observed", "AI agent ran with fewer checks than its settings say", "medium", "posture", _OVERSIGHT,
         "Ask who loosened it for the session; lock the mode in managed settings.", _looser_than_set,
         cross_record=True),
    Rule("posture.unchecked_version", "Permissions not verified for this client version", "info", "posture",
         ("A.6", "clause 9"), "Update Rollcall, or check by hand what the client's settings mean.", _unchecked_version),
    Rule("posture.unknown", "Permission setting not understood", "low", "posture", ("A.6", "clause 9"),
         "Check the setting; it may be new or wrong.", _not_known),
    Rule("posture.no_sandbox", "Unattended actions without a sandbox", "high", "posture", _OVERSIGHT,
         "Switch the sandbox on.", _no_sandbox),
    Rule("posture.everything", "Permission rule that allows everything", "high", "posture", _OVERSIGHT,
         "Name what is meant to be allowed.", _allows_everything),
    Rule("posture.project", "Repository loosens an agent's permissions", "high", "posture", ("A.5", *_OVERSIGHT),
         "Review the repository's settings; lock the mode in managed settings.", _project_loosens),
    Rule("posture.injected", "Settings that load other code into an agent", "high", "posture", ("A.5", "A.6", "A.10"),
         "Remove the variable, or find out who needs it.", _injected),
    Rule("posture.unclassified", "Setting of which nobody knows whether it loosens", "info", "posture",
         ("A.6", "clause 9"), "Look up what the setting does; update Rollcall.", _unclassified),
    Rule("posture.trust", "Whole home, disk or key folder trusted", "medium", "posture", _OVERSIGHT,
         "Trust single projects.", _trusts_much, cross_record=True,
         cross_account=True),
    Rule("approval.runs_anyway", "MCP server running without approval", "high", "approval", ("A.6", "A.10"),
         "Decide on the server; check why the client started it.", _runs_unapproved),
    Rule("approval.pending", "MCP server waiting for approval", "low", "approval", ("A.6", "A.10"),
         "Approve or reject the server in its client.", _pending),
)  # fmt: skip
