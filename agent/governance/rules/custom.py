"""The organisation's own rules, asked like those of Rollcall."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from agent.governance.policy.custom_rules import Condition, OwnRule
from agent.governance.policy.model import Policy
from agent.governance.policy.record_fields import values
from agent.governance.rules.rule import Rule, RuleContext, proof
from agent.records import Proof, Record

_PROOFS = 10


def custom_rules(policy: Policy) -> tuple[Rule, ...]:
    """The rules that a policy adds."""
    return tuple(
        Rule(own.id, own.title, own.severity, own.kind, own.controls, own.remediation, partial(_check, own),
             own.reference)
        for own in policy.rule
    )  # fmt: skip


def _check(own: OwnRule, record: Record, facts: RuleContext) -> Iterable[Proof]:
    if not _group(own.all, own.any, record):
        return ()
    shown = [found for condition in (*own.all, *own.any) for found in _proofs(condition, record)][:_PROOFS]
    return shown or [proof("all conditions of the rule hold")]


def _group(all_: Iterable[Condition], any_: tuple[Condition, ...], record: Record) -> bool:
    return all(_holds(one, record) for one in all_) and (not any_ or any(_holds(one, record) for one in any_))


def _holds(condition: Condition, record: Record) -> bool:
    if condition.field is None:
        return _group(condition.all, condition.any, record) is not condition.negated
    found = list(values(record, condition.field))
    if condition.exists is not None:
        return (bool(found) is condition.exists) is not condition.negated
    return any(_fits(condition, value) for value in found) is not condition.negated


def _fits(condition: Condition, value: Any) -> bool:
    match condition.operator:
        case "equals":
            return bool(value == condition.equals)
        case "one_of":
            return value in (condition.one_of or ())
        case "matches":
            return isinstance(value, str) and fnmatchcase(value, condition.matches or "")
        case "at_least":
            return isinstance(value, int | float) and value >= (condition.at_least or 0)
        case "at_most":
            return isinstance(value, int | float) and value <= (condition.at_most or 0)
    return False


def _proofs(condition: Condition, record: Record) -> Iterator[Proof]:
    """The values that a condition holds for."""
    if not _holds(condition, record):
        return
    if condition.field is None:
        for below in (*condition.all, *condition.any):
            yield from () if condition.negated else _proofs(below, record)
        return
    held = [v for v in values(record, condition.field) if condition.negated or _fits(condition, v)] or [None]
    for value in held:
        yield proof(f"{condition.field} {'not ' if condition.negated else ''}{condition.operator}", value)
