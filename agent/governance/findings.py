"""Findings and their life: opened with what caused them, acknowledged by exceptions, closed with a record."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple, cast

from agent.governance.policy.exceptions import exception_for
from agent.governance.policy.model import Policy, PolicyException
from agent.governance.rules.rule import Rule, RuleContext
from agent.governance.subject import describe, enduring
from agent.records import Finding, Proof, Record
from agent.records.finding import Severity

_KEPT = timedelta(days=90)
"""How long a resolved finding stays in the inventory; the journal keeps its closing record."""
_MOST_KEPT = 1_000
"""Resolved findings that stay at most, the latest."""


_NOTHING: Mapping[str, Finding] = MappingProxyType({})
_EVERYBODYS = ("mcp_server", "artifact")
"""Kinds of the machine's records that count in every account."""


class _Answers(NamedTuple):
    """What the rules said of one record."""

    record: Record
    person: str | None
    """Who answers for it; a finding says so."""
    key: str
    """What it is for good: of a socket that depends on its process."""
    alone: tuple[Finding, ...]
    beside: Mapping[str, Finding]
    """By rule, where other records count."""


class _Account:
    """The records of one account, what the rules said of each, and what came of it."""

    def __init__(self, records: list[Record]) -> None:
        self.records = records
        self.answers: dict[str, _Answers] = {}
        self.found: dict[str, Finding] = {}


class Assessor:
    """Asks the rules; keeps the answers about a record while it stays, and about an account while all in it stays."""

    def __init__(self, rules: Iterable[Rule], policy: Policy) -> None:
        self._policy = policy
        active = [rule for rule in rules if rule.id not in policy.rules.disabled]
        self._single = _by_kind(rule for rule in active if not rule.cross_record)
        self._joint = _by_kind(rule for rule in active if rule.cross_record and not rule.cross_account)
        self._across = _by_kind(rule for rule in active if rule.cross_account)
        self._accounts: dict[str | None, _Account] = {}
        self._everybodys: list[Record] = []
        self._across_answers: dict[str, _Answers] = {}
        self._day: date | None = None

    def assess(
        self, facts: RuleContext, previous: Mapping[str, Record], now: datetime | None = None
    ) -> dict[str, Finding]:
        """All findings by id: what does not conform now, and what did not before and does now."""
        now = now or datetime.now(UTC)
        earlier = {id_: cast(Finding, record) for id_, record in previous.items() if record.kind == "finding"}
        if now.date() != self._day:
            # Exceptions expire.
            self._accounts, self._across_answers, self._day = {}, {}, now.date()
        self._ask_accounts(facts, now)
        found: dict[str, Finding] = {}
        for told in (*(account.found for account in self._accounts.values()), self._ask_across(facts, now)):
            for id_, finding in told.items():
                if finding is not (old := earlier.get(id_)):
                    told[id_] = finding = _continued(finding, old)
                found[id_] = finding
        resolved = [closed for id_, old in earlier.items() if id_ not in found and (closed := _closed(old, now))]
        resolved.sort(key=lambda finding: finding.closed_at or now)
        found.update((finding.id, finding) for finding in resolved[-_MOST_KEPT:])
        return found

    def _ask_accounts(self, facts: RuleContext, now: datetime) -> None:
        """Those in which something is another than the last time, or in the machine what counts in all."""
        accounts: dict[str | None, list[Record]] = {}
        for record in facts.records.values():
            accounts.setdefault(record.owner, []).append(record)
        everybodys = [record for record in accounts.get(None, ()) if record.kind in _EVERYBODYS]
        everybodys += [s for s in facts.of("mcp_server") if s.scope == "managed" and s.owner is not None]
        before = self._accounts if _identical(everybodys, self._everybodys) else {}
        self._everybodys = everybodys
        known, self._accounts = self._accounts, {}
        for owner, records in accounts.items():
            kept = before.get(owner)
            if kept is None or not _identical(kept.records, records):
                kept = self._ask_account(records, known[owner].answers if owner in known else {}, facts, now)
            self._accounts[owner] = kept

    def _ask_account(
        self, records: list[Record], known: Mapping[str, _Answers], facts: RuleContext, now: datetime
    ) -> _Account:
        account = _Account(records)
        for record in records:
            single, joint = self._single.get(record.kind, ()), self._joint.get(record.kind, ())
            if single or joint:
                answers = self._ask(record, known.get(record.id), single, joint, facts, now)
                account.answers[record.id] = answers
                for finding in (*answers.alone, *answers.beside.values()):
                    # Of several processes that are the same again the first one stands for all.
                    account.found.setdefault(finding.id, finding)
        return account

    def _ask_across(self, facts: RuleContext, now: datetime) -> dict[str, Finding]:
        """What follows from records of several accounts."""
        known, self._across_answers = self._across_answers, {}
        found: dict[str, Finding] = {}
        for kind, rules in self._across.items():
            for record in facts.of(kind):
                answers = self._ask(record, known.get(record.id), (), rules, facts, now)
                self._across_answers[record.id] = answers
                for finding in answers.beside.values():
                    found.setdefault(finding.id, finding)
        return found

    def _ask(
        self,
        record: Record,
        known: _Answers | None,
        single: Iterable[Rule],
        joint: Iterable[Rule],
        facts: RuleContext,
        now: datetime,
    ) -> _Answers:
        person, key = facts.accountable(record), enduring(record, facts.records)
        if known and known.record is record and (known.person, known.key) == (person, key):
            return known._replace(beside=self._beside(joint, record, known.beside, facts, now))
        asked = _proofs(single, record, facts)
        alone = tuple(self._finding(rule, record, proofs, facts, now) for rule, proofs in asked)
        return _Answers(record, person, key, alone, self._beside(joint, record, _NOTHING, facts, now))

    def _beside(
        self, rules: Iterable[Rule], record: Record, earlier: Mapping[str, Finding], facts: RuleContext, now: datetime
    ) -> Mapping[str, Finding]:
        """By rule; one with the proofs it had is the one it was."""
        found: dict[str, Finding] = {}
        for rule, proofs in _proofs(rules, record, facts):
            before = earlier.get(rule.id)
            same = before is not None and before.evidence_for == proofs
            found[rule.id] = before if before and same else self._finding(rule, record, proofs, facts, now)
        return found or _NOTHING

    def _finding(
        self, rule: Rule, record: Record, proofs: tuple[Proof, ...], facts: RuleContext, now: datetime
    ) -> Finding:
        graded = rule.graded(record, facts) if rule.graded else None
        severity: Severity = self._policy.rules.severity.get(rule.id, graded or rule.severity)
        exception = exception_for(rule.id, record, self._policy, now.date())
        return Finding(
            endpoint_id=record.endpoint_id,
            owner=record.owner,
            observed_at=now,
            evidence=record.evidence,
            rule=rule.id,
            title=rule.title,
            severity=severity,
            state="acknowledged" if exception else "open",
            subject_id=record.id,
            subject_key=enduring(record, facts.records),
            subject=describe(record),
            agent=getattr(record, "agent", None),
            accountable=facts.accountable(record),
            controls=rule.controls,
            evidence_for=proofs,
            remediation=rule.remediation,
            opened_at=now,
            exception=_words(exception) if exception else None,
        )


def _identical(some: list[Record], others: list[Record]) -> bool:
    return len(some) == len(others) and all(map(operator.is_, some, others))


def _by_kind(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    kinds: dict[str, list[Rule]] = {}
    for rule in rules:
        kinds.setdefault(rule.kind, []).append(rule)
    return kinds


def _proofs(rules: Iterable[Rule], record: Record, facts: RuleContext) -> Iterator[tuple[Rule, tuple[Proof, ...]]]:
    for rule in rules:
        proofs = tuple(rule.check(record, facts))
        if proofs:
            yield rule, proofs


def _continued(finding: Finding, old: Finding | None) -> Finding:
    """The finding with its history: since when, and whether it had been resolved in between."""
    if old is None:
        return finding
    if old.state == "resolved":
        return finding.changed(state="reopened" if finding.state == "open" else finding.state)
    state = "reopened" if old.state == "reopened" and finding.state == "open" else finding.state
    return finding.changed(opened_at=old.opened_at, state=state)


def _closed(old: Finding, now: datetime) -> Finding | None:
    """What remains of a finding whose cause is gone; nothing once it has been resolved for long."""
    if old.state != "resolved":
        return old.changed(state="resolved", closed_at=now, exception=None)
    return old if old.closed_at and now - old.closed_at < _KEPT else None


def _words(exception: PolicyException) -> str:
    return f"{exception.reason} ({exception.owner}, until {exception.expires})"
