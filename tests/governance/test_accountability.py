"""Who answers for what, and how that is known: the first of four sources that says something."""

from __future__ import annotations

from typing import Any

import pytest

from agent.governance.accountability import Accountability, Answer, attributed
from agent.governance.policy.model import OwnerRule
from agent.records import AiAgent, Endpoint, Evidence, Instance, McpServer, Owner, Record, SignIn, Source
from agent.runtime.memo import DerivationCache
from tests import made

POLICY = (
    OwnerRule(account="svc-*", person="Pat", team="Platform"),
    OwnerRule(group="finance", person="Fay"),
    OwnerRule(device="kiosk-*", person="Kim"),
)
ASSIGNED = (OwnerRule(account="dev", person="Dana", team="Tools"),)
HOST = Endpoint(
    endpoint_id="e",
    evidence=Evidence(collector="host"),
    hostname="LAP-7.example.test",
    os="linux",
    rollcall_version="0",
)
KIOSK = HOST.model_copy(update={"hostname": "Kiosk-2"})


def signed_in(owner: str = "dev", account: str = "dana@example.test", agent: str = "demo") -> SignIn:
    seen = Evidence(collector="configs", source="/x")
    return SignIn(
        endpoint_id="e", owner=owner, evidence=seen, agent=agent, account=account, source=Source(path="/x", key="a")
    )


def answer(*records: Record, account: str | None = "dev", agent: str | None = "demo", **given: Any) -> Answer | None:
    return Accountability(records, given.get("policy", ()), given.get("assignment", ())).of(account, agent)


def test_each_source_counts_only_where_no_earlier_one_says_something() -> None:
    dev = made.owner(full_name="Dana Dev", groups=("finance",))
    everything = [HOST, dev, signed_in()]
    assert answer(*everything, policy=POLICY, assignment=ASSIGNED) == Answer("Fay", "policy")
    assert answer(*everything, policy=POLICY[:1], assignment=ASSIGNED) == Answer("Dana", "assignment", "Tools")
    assert answer(*everything, policy=POLICY[:1]) == Answer("dana@example.test", "signed_in")
    assert answer(*everything, agent="other") == Answer("Dana Dev", "account")
    assert answer(HOST, made.owner()) == Answer("dev", "account")


@pytest.mark.parametrize("account", ["service", "root", "unknown"])
def test_an_account_that_is_no_person_answers_for_nothing(account: str) -> None:
    assert answer(HOST, made.owner(account=account)) is None


def test_an_account_that_is_not_there_answers_for_nothing() -> None:
    assert answer(HOST) is None


def test_a_device_stands_for_all_its_accounts_and_for_what_is_set_for_the_machine() -> None:
    assert answer(KIOSK, made.owner(), policy=POLICY) == Answer("Kim", "policy")
    assert answer(KIOSK, account=None, policy=POLICY) == Answer("Kim", "policy")
    assert answer(HOST, account=None, policy=POLICY) is None
    by_id = OwnerRule(account="dev", device="e", person="Ed")
    assert answer(HOST, made.owner(), policy=(by_id,)) == Answer("Ed", "policy")


def test_a_rule_for_everybody_does_not_speak_for_the_machine() -> None:
    anybody = (OwnerRule(person="Any"),)
    assert answer(HOST, made.owner(), policy=anybody) == Answer("Any", "policy")
    assert answer(HOST, account=None, policy=anybody) is None


def test_all_that_a_rule_gives_must_fit() -> None:
    rule = OwnerRule(account="dev", group="finance", device="lap-*", person="Fay")
    assert rule.fits("dev", ["finance"], ["LAP-7"])
    assert not rule.fits("eve", ["finance"], ["LAP-7"])
    assert not rule.fits("dev", ["staff"], ["LAP-7"])
    assert not rule.fits("dev", ["finance"], ["pc-7"])


def test_for_what_runs_as_root_answers_who_became_root() -> None:
    people = [HOST, made.owner(uid=1000), made.owner("root", uid=0, account="root", home="/root")]
    who = Accountability(people, ())
    sudo = made.instance(owner="root", euid=0, login_uid=1000)
    assert who.of_instance(sudo) == Answer("dev", "account")
    assert who.of_instance(made.instance(owner="root", euid=0)) is None
    assert who.of_instance(made.instance(owner="dev", euid=1000, login_uid=0)) == Answer("dev", "account")


def test_agents_servers_instances_and_accounts_are_told_with_who_answers_for_them() -> None:
    records = {
        r.id: r for r in (HOST, made.owner(), made.agent(), made.server(), made.instance(), made.connection("x"))
    }
    done = list(attributed(records, Accountability(records.values(), (), ASSIGNED), DerivationCache()))
    assert {type(r) for r in done} == {Owner, AiAgent, McpServer, Instance}
    # mypy: all of these records name who answers for them.
    assert {(r.accountable, r.accountable_by) for r in done} == {("Dana", "assignment")}  # type: ignore[attr-defined]
    assert [r.team for r in done if isinstance(r, Owner)] == ["Tools"]


def test_what_is_said_no_more_is_taken_back() -> None:
    server = made.server(accountable="Gone", accountable_by="policy")
    (told,) = attributed({server.id: server}, Accountability([], ()), DerivationCache())
    assert isinstance(told, McpServer)
    assert (told.accountable, told.accountable_by) == (None, None)
