"""The life of a finding: open, acknowledged, resolved, reopened, and finally forgotten."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from agent.governance.findings import Assessor
from agent.governance.policy.model import Policy
from agent.governance.rules.registry import RULES
from agent.governance.rules.rule import Check, Rule, RuleContext
from agent.governance.subject import enduring
from agent.records import Finding, McpServer, Proof, Record
from collectors.catalog.catalog import Catalog
from tests import made
from tests.counting import steps

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LOUD = made.server(inline_secret=True, package="pkg:npm/x@1.0.0", pinned=True)
QUIET = made.server(package="pkg:npm/x@1.0.0", pinned=True)
HOME = made.owner()


def assess(
    record: Record, previous: dict[str, Record] | None = None, policy: Policy | None = None, now: datetime = NOW
) -> dict[str, Record]:
    policy = policy or Policy()
    facts = RuleContext({record.id: record, HOME.id: HOME}, policy, Catalog(()))
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
    assert only(assess(LOUD.changed(accountable="Dana"))).accountable == "Dana"


def test_two_thousand_servers_are_assessed_again_for_the_price_of_what_changed() -> None:
    servers = [made.server(f"s{n}", inline_secret=n % 10 == 0) for n in range(2_000)]
    asked = Assessor(RULES, Policy())
    records = {record.id: record for record in (HOME, *servers)}

    def assess_all() -> dict[str, Finding]:
        return asked.assess(RuleContext(records, Policy(), Catalog(())), {}, NOW)

    first = steps(assess_all)
    assert sum(f.rule == "server.inline_secret" for f in assess_all().values()) == 200
    assert steps(assess_all) < first / 2


def test_a_process_that_comes_and_goes_a_thousand_times_is_one_finding_that_is_reopened() -> None:
    found: dict[str, Record] = {}
    ids = set()
    for pid in range(1_000):
        runs = made.instance(pid, owner="root", subject="mcp_server", name="files", package="pkg:npm/files")
        found = assess(runs, found)
        ids.add(runs.id)
        assert [f.subject_id for f in found.values() if isinstance(f, Finding) and f.state != "resolved"]
        found = assess(HOME, found)
    assert len(ids) == 1_000
    assert 1 <= len(found) < 10
    assert {f.state for f in found.values() if isinstance(f, Finding)} == {"resolved"}


def test_two_processes_that_are_the_same_are_one_finding_and_others_are_others() -> None:
    def found(*instances: Record) -> int:
        facts = RuleContext({r.id: r for r in (*instances, HOME)}, Policy(), Catalog(()))
        return len(Assessor(RULES, Policy()).assess(facts, {}, NOW))

    one, two = (made.instance(pid, owner="root", subject="mcp_server", name="files") for pid in (1, 2))
    other = made.instance(3, owner="root", subject="mcp_server", name="notes")
    assert found(one) == found(one, two) > 0
    assert found(one, other) == 2 * found(one)


def test_what_listens_is_the_same_again_on_another_port() -> None:
    def key(pid: int, port: int, address: str = "0.0.0.0") -> str:
        runs = made.instance(pid, name="files")
        socket = made.connection(runs.id, local=f"{address}:{port}")
        return enduring(socket, {runs.id: runs})

    assert key(1, 40_001) == key(2, 40_002) != key(2, 40_002, "127.0.0.1")


def test_of_what_was_resolved_the_latest_thousand_stay() -> None:
    loud = [made.server(f"s{number}", inline_secret=True) for number in range(1_500)]
    first = Assessor(RULES, Policy()).assess(
        RuleContext({r.id: r for r in (*loud, HOME)}, Policy(), Catalog(())), {}, NOW
    )
    assert len(first) >= 1_500
    assert len(assess(HOME, dict(first))) == 1_000


def test_after_any_sequence_of_changes_the_findings_are_those_of_a_first_look() -> None:
    def server(chance: random.Random) -> Record:
        scope = chance.choice(("managed", "user", "project"))
        return made.server(
            chance.choice(("github", "githab", "git-hub", "git_hub", "files")),
            path=f"/etc/{chance.randrange(8)}.json",
            owner=chance.choice(("dev", "eve", None)),
            agent=chance.choice(("demo", "other")),
            scope=scope,
            project="/code/p" if scope == "project" else None,
            package=chance.choice((None, "pkg:npm/one@1.0.0", "pkg:npm/two@1.0.0")),
            launch_hash=chance.choice(("1", "2")) * 64,
            running=chance.choice((True, False)),
        )

    for seed in range(40):
        chance, kept = random.Random(seed), Assessor(RULES, Policy())
        records: dict[str, Record] = {HOME.id: HOME}
        for _ in range(20):
            for _ in range(chance.randrange(3)):
                one = server(chance)
                records[one.id] = one
                if chance.random() < 0.4:
                    records.pop(chance.choice([id_ for id_ in records if id_ != HOME.id] or [""]), None)
            facts = RuleContext(dict(records), Policy(), Catalog(()))
            again = kept.assess(facts, {}, NOW)
            first = Assessor(RULES, Policy()).assess(RuleContext(dict(records), Policy(), Catalog(())), {}, NOW)
            assert {f.id: f.evidence_for for f in again.values()} == {f.id: f.evidence_for for f in first.values()}


def test_a_change_in_one_account_asks_nothing_again_of_another() -> None:
    asked: list[str] = []
    rules = [rule._replace(check=_counting(rule, asked)) for rule in RULES if rule.kind == "mcp_server"]
    mine, theirs, new = made.server("a"), made.server("b", owner="eve"), made.server("c")
    assessor = Assessor(rules, Policy())

    def assess_all(*servers: Record) -> set[str]:
        asked.clear()
        assessor.assess(RuleContext({r.id: r for r in (*servers, HOME)}, Policy(), Catalog(())), {}, NOW)
        return set(asked)

    assert assess_all(mine, theirs) == {"a", "b"}
    assert assess_all(mine, theirs) == set()
    assert assess_all(mine, theirs, new) == {"a", "c"}
    assert assess_all(mine, theirs) == {"a"}


def _counting(rule: Rule, asked: list[str]) -> Check:
    def check(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
        asked.append(server.name)
        return rule.check(server, facts)

    return check
