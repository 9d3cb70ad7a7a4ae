"""Findings and their life: opened with what caused them, acknowledged by exceptions, closed with a record."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from agent.governance.policy.exceptions import exception_for
from agent.governance.policy.model import Policy, PolicyException
from agent.governance.rules.rule import Rule, RuleContext
from agent.governance.subject import describe, enduring
from agent.records import Finding, McpServer, Proof, Record
from agent.records.finding import Severity

_KEPT = timedelta(days=90)
"""How long a resolved finding stays in the inventory; the journal keeps its closing record."""
_MOST_KEPT = 1_000
"""Resolved findings that stay at most, the latest."""


_NOTHING: Mapping[str, Finding] = MappingProxyType({})


class _Answers(NamedTuple):
    """What the rules said of one record."""

    record: Record
    person: str | None
    """Who answers for it; a finding says so."""
    alone: tuple[Finding, ...]
    beside: Mapping[str, Finding]
    """By rule, where other records count."""


class Assessor:
    """Asks the rules; remembers answers of those that look at one record only, for as long as that record stays."""

    def __init__(self, rules: Iterable[Rule], policy: Policy) -> None:
        self._policy = policy
        active = [rule for rule in rules if rule.id not in policy.rules.disabled]
        self._single = _by_kind(rule for rule in active if not rule.cross_record)
        self._joint = _by_kind(rule for rule in active if rule.cross_record)
        self._answers: dict[str, _Answers] = {}
        self._day: date | None = None
        self._compared: dict[str | None, list[McpServer]] = {}
        self._untouched: set[str | None] = set()

    def assess(
        self, facts: RuleContext, previous: Mapping[str, Record], now: datetime | None = None
    ) -> dict[str, Finding]:
        """All findings by id: what does not conform now, and what did not before and does now."""
        now = now or datetime.now(UTC)
        earlier = {id_: record for id_, record in previous.items() if isinstance(record, Finding)}
        if now.date() != self._day:
            # Exceptions expire.
            self._answers.clear()
            self._day = now.date()
        self._compare(facts)
        found: dict[str, Finding] = {}
        for record in facts.records.values():
            for finding in self._findings(record, facts, now):
                # Of several processes that are the same again the first one stands for all.
                found.setdefault(finding.id, _continued(finding, earlier.get(finding.id)))
        resolved = [closed for id_, old in earlier.items() if id_ not in found and (closed := _closed(old, now))]
        resolved.sort(key=lambda finding: finding.closed_at or now)
        found.update((finding.id, finding) for finding in resolved[-_MOST_KEPT:])
        return found

    def _findings(self, record: Record, facts: RuleContext, now: datetime) -> Iterator[Finding]:
        single, cross_record = self._single.get(record.kind, ()), self._joint.get(record.kind, ())
        if not single and not cross_record:
            return
        known, person = self._answers.get(record.id), facts.accountable(record)
        if known and known.record is record and known.person == person:
            alone, beside = known.alone, known.beside
            if cross_record and not (record.kind == "mcp_server" and record.owner in self._untouched):
                beside = self._beside(cross_record, record, beside, facts, now)
        else:
            asked = _ask(single, record, facts)
            alone = tuple(self._finding(rule, record, proofs, facts, now) for rule, proofs in asked)
            beside = self._beside(cross_record, record, _NOTHING, facts, now)
        self._answers[record.id] = _Answers(record, person, alone, beside)
        yield from alone
        yield from beside.values()

    def _beside(
        self, rules: Iterable[Rule], record: Record, earlier: Mapping[str, Finding], facts: RuleContext, now: datetime
    ) -> Mapping[str, Finding]:
        """By rule; one with the proofs it had is the one it was."""
        found: dict[str, Finding] = {}
        for rule, proofs in _ask(rules, record, facts):
            before = earlier.get(rule.id)
            same = before is not None and before.evidence_for == proofs
            found[rule.id] = before if before and same else self._finding(rule, record, proofs, facts, now)
        return found or _NOTHING

    def _compare(self, facts: RuleContext) -> None:
        """Which accounts' servers are those of the last time, with those of the machine and of administrators, which
        count everywhere: what was said of them beside each other still holds."""
        now: dict[str | None, list[McpServer]] = {}
        for server in facts.of("mcp_server"):
            now.setdefault(server.owner, []).append(server)
            if server.scope == "managed" and server.owner is not None:
                now.setdefault(None, []).append(server)
        before, self._compared = self._compared, now
        same = {owner for owner, servers in now.items() if _identical(servers, before.get(owner, []))}
        self._untouched = same if _identical(now.get(None, []), before.get(None, [])) else set()

    def forget(self, ids: Iterable[str]) -> None:
        """Records that are gone."""
        for id_ in ids:
            self._answers.pop(id_, None)

    def _finding(
        self, rule: Rule, record: Record, proofs: tuple[Proof, ...], facts: RuleContext, now: datetime
    ) -> Finding:
        severity: Severity = self._policy.rules.severity.get(rule.id, rule.severity)
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


def _identical(some: list[McpServer], others: list[McpServer]) -> bool:
    return len(some) == len(others) and all(map(operator.is_, some, others))


def _by_kind(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    kinds: dict[str, list[Rule]] = {}
    for rule in rules:
        kinds.setdefault(rule.kind, []).append(rule)
    return kinds


def _ask(rules: Iterable[Rule], record: Record, facts: RuleContext) -> Iterator[tuple[Rule, tuple[Proof, ...]]]:
    for rule in rules:
        proofs = tuple(rule.check(record, facts))
        if proofs:
            yield rule, proofs


def _continued(finding: Finding, old: Finding | None) -> Finding:
    """The finding with its history: since when, and whether it had been resolved in between."""
    if old is None or old is finding:
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
