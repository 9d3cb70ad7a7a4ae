"""What follows from records in an evidence pack: every control, no claim, no formula, no link that leads nowhere."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from agent.governance.controls import order
from agent.records import Evidence, Finding
from agent.reports.evidence.index import Listed
from agent.reports.evidence.pack import FILES, contents
from agent.reports.evidence.subject import Change, EvidenceSubject
from agent.reports.html.subject import Machine
from tests import made

NOW = datetime(2026, 1, 20, tzinfo=UTC)
FORMULA = "=cmd|' /C calc'!A0<img src=x onerror=alert(1)>"
CSV = [file.name for file in FILES if file.name.endswith(".csv")]
SERVER = made.server(FORMULA, agent="demo", package=FORMULA)


def finding(number: int, **fields: Any) -> Finding:
    given = {
        "rule": "server.x", "title": FORMULA, "severity": "high", "subject_id": SERVER.id, "subject_key": str(number),
        "subject": FORMULA, "agent": "demo", "remediation": "Mend it.", "opened_at": datetime(2026, 1, 10, tzinfo=UTC),
        "controls": ("A.10",), **fields,
    }  # fmt: skip
    return Finding(endpoint_id="e", owner="dev", evidence=Evidence(collector="rollcall"), **given)


OPEN, ACCEPTED = finding(1), finding(2, state="acknowledged", exception=FORMULA)
CLOSED = finding(3, state="resolved", closed_at=datetime(2026, 1, 12, tzinfo=UTC))


@cache
def pack() -> dict[str, str]:
    """Each file's text."""
    agent = made.agent("demo", servers=1, name=FORMULA, accountable=FORMULA)
    subject = EvidenceSubject(
        machine=Machine([made.owner(full_name=FORMULA), agent, SERVER, OPEN], "a test", NOW),
        nonconformities=[OPEN, ACCEPTED, CLOSED],
        changes=[Change(7, "2026-01-10T00:00:00Z", "discovered", "mcp_server", SERVER.id, FORMULA, FORMULA, "A.4")],
        purposes={"demo": FORMULA},
        verification=["proved: something"],
    )
    makers = contents(subject, [Listed("journal.ndjson", "The journal")])
    return {name: "\n".join(make()) for name, make in makers.items()}


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(pack()[name].splitlines()))


@pytest.mark.parametrize("name", CSV)
def test_no_cell_is_a_formula(name: str) -> None:
    cells = [cell for row in csv.reader(pack()[name].splitlines()) for cell in row]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t")]


def test_the_name_that_looks_like_a_formula_is_still_there() -> None:
    assert [row["name"] for row in rows("inventory-register.csv")] == [f"'{FORMULA}"] * 2
    assert json.loads(pack()["inventory-register.json"])[0]["name"] == FORMULA


def test_each_objective_and_clause_has_a_row_and_no_control_below_one_is_named() -> None:
    told = rows("statement-of-applicability.csv")
    assert tuple(row["control"] for row in told) == order()
    assert {f"A.{n}" for n in range(2, 11)} | {f"clause {n}" for n in range(4, 11)} == set(order())
    for row in told:
        assert row["Rollcall cannot evidence"] and row["who has to"]
        assert not row["applicable (to be filled in)"]
    assert not [name for name, text in pack().items() if re.search(r"\bA\.\d+\.\d", text)]


def test_open_accepted_and_closed_nonconformities_are_counted_with_their_times() -> None:
    (suppliers,) = [row for row in rows("statement-of-applicability.csv") if row["control"] == "A.10"]
    assert (suppliers["open"], suppliers["acknowledged"], suppliers["closed"]) == ("1", "1", "1")
    assert (suppliers["first opened"], suppliers["last closed"]) == ("2026-01-10", "2026-01-12")
    lives = {row["state"]: (row["closed"], row["days open"]) for row in rows("nonconformities.csv")}
    assert lives == {"open": ("", "10"), "acknowledged": ("", "10"), "resolved": ("2026-01-12T00:00:00Z", "2")}
    (risk,) = rows("risk-register.csv")
    assert (risk["subjects exposed"], risk["treatment"], risk["resolved"]) == ("2", "not treated", "1")


def test_nothing_claims_conformity() -> None:
    for name, text in pack().items():
        assert not re.search(r"\b(is|are) (compliant|certified|conform)", text), name
        if name.endswith(".html"):
            assert "no statement of conformity" in text


def test_no_page_holds_markup_of_others() -> None:
    pages = [text for name, text in pack().items() if name.endswith(".html")]
    assert len(pages) == 6
    assert not [text for text in pages if "<img" in text or " onerror" in text.replace("&lt;img src=x onerror", "")]
    assert sum("&lt;img src=x" in text for text in pages) >= 3


def test_every_link_leads_somewhere() -> None:
    names = {*pack(), "journal.ndjson"}
    for name, text in pack().items():
        for link in re.findall(r'href="([^"]*)"', text):
            file, _, anchor = link.partition("#")
            assert not file or file in names, (name, link)
            if anchor:
                assert f' id="{anchor}"' in pack()[file or name], (name, link)
