"""Rules about the policy itself: it is there, and it is the one that the organisation wants."""

from __future__ import annotations

from collections.abc import Iterable

from agent.governance.rules.rule import Rule, RuleContext, proof
from agent.records import PolicyInForce, Proof


def _invalid(policy: PolicyInForce, facts: RuleContext) -> Iterable[Proof]:
    return _trouble(policy, "invalid")


def _unreachable(policy: PolicyInForce, facts: RuleContext) -> Iterable[Proof]:
    return _trouble(policy, "unreachable")


def _trouble(policy: PolicyInForce, kind: str) -> Iterable[Proof]:
    if policy.trouble == kind:
        yield from (proof(line) for line in (policy.reason or "").splitlines()[:10])
        yield proof("stays in force", f"version {policy.version}") if policy.version else proof("nothing is in force")


RULES = (
    Rule("policy.invalid", "Policy cannot be used", "high", "policy", ("A.2", "clause 9"),
         "Correct the policy, or its signature, and publish it again; `rollcall policy check` names what is wrong.",
         _invalid),
    Rule("policy.unreachable", "Policy could not be fetched", "low", "policy", ("A.2", "clause 9"),
         "See that the endpoint reaches the address of the policy.", _unreachable),
)  # fmt: skip
