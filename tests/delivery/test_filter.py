from __future__ import annotations

import json
from typing import Any

import pytest

from agent.delivery.filter import chosen
from agent.delivery.settings import FilteredSettings
from agent.journal.journal import Journal
from tests.delivery.targets.every_kind import journal_of_everything


@pytest.mark.parametrize(
    ("given", "passes"),
    [
        ({}, lambda record, entry: True),
        ({"kinds": ("finding", "mcp_server")}, lambda record, _: record.get("kind") in ("finding", "mcp_server")),
        ({"severity": "high"}, lambda r, _: r.get("kind") != "finding" or r["severity"] in ("high", "critical")),
        ({"controls": ("A.3", "A.7")}, lambda _, entry: {"A.3", "A.7"} & set(entry["controls"])),
        ({"kinds": ("finding",), "severity": "critical"}, lambda r, _: r.get("severity") == "critical"),
    ],
)
def test_what_is_given_must_be_met(journal: Journal, given: dict[str, Any], passes: Any) -> None:
    with journal.transaction() as step:
        step.append("discovered", {"kind": "finding", "severity": "low"}, controls=("A.3",))
        step.append("discovered", {"kind": "finding", "severity": "critical"}, controls=("A.7", "A.9"))
        step.append("discovered", {"kind": "mcp_server"}, controls=("A.4",))
    for batch in journal_of_everything(journal):
        entries = [json.loads(line) for line in batch.lines]
        wanted = [entry["seq"] for entry in entries if passes(entry["record"] or {}, entry)]
        assert [sent.seq for sent in chosen(batch, FilteredSettings(**given))] == wanted
