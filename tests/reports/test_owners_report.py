"""One command shows control A.3: a person for each agent and server, or that there is none."""

from __future__ import annotations

from agent.records import Finding, Proof
from agent.reports.owners import each, lines
from tests import made

RECORDS = [
    made.owner(accountable="Dana", accountable_by="policy", team="Tools"),
    made.owner("idle"),
    made.agent(accountable="Dana", accountable_by="policy"),
    made.server("db", accountable="dana@example.test", accountable_by="signed_in"),
    made.server("web", path="/x", owner=None),
    made.instance(accountable="dev", accountable_by="account"),
]


def test_each_agent_and_server_has_its_person_or_says_that_nobody_answers() -> None:
    told = list(each(RECORDS))
    table = told[1 : told.index("")]
    assert [" ".join(row.split()) for row in table] == [
        "(machine) server web in demo nobody - -",
        "dev agent Demo Dana Tools policy",
        "dev human account /home/dev Dana Tools policy",
        "dev process demo (7) dev - the account itself",
        "dev server db in demo dana@example.test - signed-in account",
    ]
    assert told[-1] == "5 accounts, agents, servers and processes; nobody answers for 1"


def test_who_answers_for_how_much_of_an_account_is_one_line() -> None:
    table = list(lines(RECORDS))
    assert [" ".join(row.split()) for row in table[1 : table.index("")]] == [
        "(machine) nobody - - 0 1 0",
        "dev Dana Tools policy 1 0 0",
        "dev dev - the account itself 0 0 1",
        "dev dana@example.test - signed-in account 0 1 0",
    ]


def test_findings_about_owners_are_told_until_they_are_resolved() -> None:
    def finding(rule: str, state: str, *controls: str) -> Finding:
        return Finding.model_validate(
            made.owner().model_dump(include={"endpoint_id", "owner", "observed_at", "evidence"})
            | {"id": rule, "rule": rule, "title": "T", "severity": "high", "state": state}
            | {"subject_id": "x", "subject_key": "x"}
            | {"subject": "agent \x1b[31mx", "controls": controls, "remediation": "R.", "opened_at": made.SEEN}
            | {"evidence_for": (Proof(what="w"),)}
        )

    told = list(lines([finding("a", "open", "A.3"), finding("b", "resolved", "A.3"), finding("c", "open", "A.4")]))
    assert [line for line in told if line.startswith("high")] == ["high: T: agent \ufffd[31mx (a)"]
    assert told[0] == "No agents found."
