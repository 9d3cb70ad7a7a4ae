"""What a person may see of themself: what to mend and why, what is recorded and what not, as the settings make it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from agent.governance.rules.meanings import meaning
from agent.records import Evidence, Finding, Proof, Record
from agent.reports.html.activity import Activity
from agent.reports.html.subject import Machine
from agent.reports.owner_view import page, text
from agent.reports.owner_view.subject import Keeping, OwnerView
from tests import made

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SERVER = made.server("notes", path="/home/dev/.demo.json")
KEPT = Keeping(whole=True, journal="/state/journal.db", days=30, actions="full", programs=True)


def finding(about: Record, rule: str = "server.inline_secret", severity: Any = "high") -> Finding:
    return Finding(
        endpoint_id="e", owner="dev", evidence=Evidence(collector="rollcall"), rule=rule, title=f"Title {rule}",
        severity=severity, subject_id=about.id, subject_key=about.id, subject="notes in demo (dev)", agent="demo",
        remediation="Move it.", opened_at=NOW, evidence_for=(Proof(what="a secret in", value="env API_KEY"),),
    )  # fmt: skip


def told(*records: Record, keeping: Keeping = KEPT, **fields: Any) -> str:
    view = OwnerView("dev", Machine(records, "a test", NOW, **fields), keeping)
    return " ".join(" ".join(text.lines(view)).split())


def test_a_finding_says_why_it_matters_where_it_stands_and_how_to_mend_it() -> None:
    found = finding(SERVER)
    words = told(SERVER, found, lines={found.id: 12})
    assert f"1. HIGH: Title server.inline_secret Why it matters: {meaning('server.inline_secret')}" in words
    assert "How to mend it: Move it. - notes in demo (dev): /home/dev/.demo.json:12: s.notes" in words
    assert "(a secret in env API_KEY)" in words


def test_the_gravest_comes_first_and_with_nothing_to_mend_it_says_so() -> None:
    words = told(SERVER, finding(SERVER, "a.low", "low"), finding(SERVER, "z.worst", "critical"))
    assert words.index("Title z.worst") < words.index("Title a.low")
    assert "gravest first Nothing." in told(SERVER)


@pytest.mark.parametrize(
    ("keeping", "says"),
    [
        (KEPT, "What your agents did: of each action its time"),
        (Keeping(whole=True, journal="/j", actions="off"), "What your agents did: nothing."),
        (Keeping(whole=True, journal="/j", actions="counts"), "only how many actions there were in an hour"),
        (
            Keeping(whole=True),
            "Where it goes - This page is from one look, of which nothing is kept. - It is sent to nobody.",
        ),
        (Keeping(), "What your agents did: as the settings of the service say, which are not read here."),
        (Keeping(), "Where it goes - Where your organisation runs Rollcall as a service"),
        (
            KEPT,
            "in /state/journal.db, for 30 days; longer if unsent. - It is sent to nobody.",
        ),
        (
            Keeping(whole=True, journal="/j", sent_to=["central (c.example.com)"]),
            "It is sent to central (c.example.com)",
        ),
    ],
)
def test_what_is_kept_and_sent_is_what_the_settings_say(keeping: Keeping, says: str) -> None:
    assert says in told(SERVER, keeping=keeping)


def test_the_number_of_recorded_actions_is_told() -> None:
    assert "1,234 in the last 30 days" in told(SERVER, activities=[Activity("demo", "dev", calls=1_234)])


def test_the_page_says_the_same_and_its_names_are_no_markup() -> None:
    server = made.server("<img src=x onerror=alert(1)>")
    made_page = "\n".join(page.lines(OwnerView("dev", Machine([server, finding(server)], "a test", NOW), KEPT)))
    assert "<img" not in made_page and "&lt;img" in made_page
    assert "Why it matters" in made_page and "script-src &#x27;none&#x27;" in made_page
