"""The life of a finding: open, acknowledged, resolved, reopened, and finally forgotten."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from agent.governance.findings import Assessor
from agent.governance.policy import Policy
from agent.governance.rule import Facts
from agent.governance.rules import RULES
from agent.records import Finding, Record, changed
from collectors.catalog.schema import Catalog
from tests import made

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LOUD = made.server(inline_secret=True, package="pkg:npm/x@1.0.0", pinned=True)
QUIET = made.server(package="pkg:npm/x@1.0.0", pinned=True)
HOME = made.owner()


def assess(
    record: Record, previous: dict[str, Record] | None = None, policy: Policy | None = None, now: datetime = NOW
) -> dict[str, Record]:
    policy = policy or Policy()
    facts = Facts({record.id: record, HOME.id: HOME}, policy, Catalog(()))
    return dict(Assessor(RULES, policy).assess(facts, previous or {}, now))


def only(found: dict[str, Record]) -> Finding:
    (finding,) = found.values()
    assert isinstance(finding, Finding)
    return finding


def test_a_finding_keeps_its_id_and_its_opening_time() -> None:
    first = assess(LOUD)
    later = assess(LOUD, first, now=NOW + timedelta(days=1))
    assert only(first).state == "open"
    assert only(later).id == only(first).id
    assert only(later).opened_at == NOW


def test_a_finding_whose_cause_is_gone_is_resolved_and_leaves_a_closing_record() -> None:
    closed = only(assess(QUIET, assess(LOUD), now=NOW + timedelta(days=2)))
    assert (closed.state, closed.closed_at, closed.opened_at) == ("resolved", NOW + timedelta(days=2), NOW)


def test_what_comes_back_is_reopened_and_stays_so() -> None:
    closed = assess(QUIET, assess(LOUD), now=NOW + timedelta(days=2))
    again = assess(LOUD, closed, now=NOW + timedelta(days=3))
    assert only(again).state == "reopened"
    assert only(assess(LOUD, again, now=NOW + timedelta(days=4))).state == "reopened"


def test_a_resolved_finding_is_kept_for_ninety_days() -> None:
    closed = assess(QUIET, assess(LOUD))
    assert assess(QUIET, closed, now=NOW + timedelta(days=89))
    assert not assess(QUIET, closed, now=NOW + timedelta(days=91))


def exception(expires: str) -> Policy:
    entry = {"rule": "server.*", "owner": "Dana", "reason": "test bench", "expires": expires}
    return Policy.model_validate({"exception": [entry]})


def test_an_exception_acknowledges_until_it_expires() -> None:
    covered = only(assess(LOUD, policy=exception("2026-03-01")))
    assert covered.state == "acknowledged"
    assert covered.exception == "test bench (Dana, until 2026-03-01)"
    expired = assess(LOUD, {covered.id: covered}, exception("2026-03-01"), NOW + timedelta(days=1))
    assert only(expired).state == "open"


def test_the_policy_switches_rules_off_and_rates_them_anew() -> None:
    off = Policy.model_validate({"rules": {"disabled": ["server.inline_secret"]}})
    assert not assess(LOUD, policy=off)
    graver = Policy.model_validate({"rules": {"severity": {"server.inline_secret": "critical"}}})
    assert only(assess(LOUD, policy=graver)).severity == "critical"


def test_a_finding_names_who_answers_for_it() -> None:
    assert only(assess(changed(LOUD, accountable="Dana"))).accountable == "Dana"


def test_two_thousand_servers_are_assessed_again_for_the_price_of_what_changed() -> None:
    servers = [made.server(f"s{n}", inline_secret=n % 10 == 0) for n in range(2_000)]
    asked = Assessor(RULES, Policy())
    records = {record.id: record for record in (HOME, *servers)}

    def timed() -> tuple[float, dict[str, Finding]]:
        start = time.perf_counter()
        found = asked.assess(Facts(records, Policy(), Catalog(())), {}, NOW)
        return time.perf_counter() - start, found

    first, found = timed()
    assert sum(f.rule == "server.inline_secret" for f in found.values()) == 200
    again = min(timed()[0] for _ in range(3))
    assert again < first
