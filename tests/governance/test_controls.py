"""Every journal entry says which controls it is evidence for."""

from __future__ import annotations

from agent.governance.controls import controls, evidence_for, order
from agent.inventory.store import append_evidence
from agent.journal.entry import Line, genesis, link
from agent.journal.journal import Journal
from agent.records import KINDS


def test_the_order_is_that_of_the_standard_and_every_kind_is_evidence_for_something() -> None:
    assert order() == tuple(control.id for control in controls())
    for kind in KINDS:
        assert evidence_for({"kind": kind})
    assert evidence_for({"kind": "ai_agent"}) == ("A.3", "A.4", "clause 4")


def test_a_finding_carries_its_own_controls_and_that_of_nonconformities() -> None:
    finding = {"kind": "finding", "controls": ["clause 9", "A.10", "nonsense"]}
    assert evidence_for(finding) == ("A.10", "clause 9", "clause 10")
    assert evidence_for({"kind": "finding"}) == ("clause 10",)


def test_what_is_about_no_record_is_part_of_the_audit_trail() -> None:
    assert evidence_for(None) == evidence_for({"kind": "snapshot"}) == ("clause 9",)


def test_an_entry_carries_them_and_one_of_an_older_version_still_verifies() -> None:
    journal = Journal.open(":memory:", "e")
    old = b'{"at":"2026-11-23T12:00:00.000000Z","chain":"%s","changes":[],"op":"notice","record":null,"seq":1}'
    body = old % journal.chain.encode()
    line = Line(1, body, link(genesis(journal.chain), body))
    with journal.transaction() as step:
        step.connection.execute("INSERT INTO entries VALUES (?, ?, ?)", line)
        step.connection.execute("UPDATE meta SET head_seq = 1, head_hash = ?", (line.hash,))
    with journal.transaction() as step:
        append_evidence(step, "discovered", {"kind": "mcp_server"})
    assert journal.verify().ok
    assert [entry.controls for entry in journal.read(0)] == [(), ("A.4", "A.5", "A.7", "A.10")]
    journal.close()
