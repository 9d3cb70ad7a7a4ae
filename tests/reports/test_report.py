"""One contract of all reports: a subject in, whole lines out, in every format of the one table."""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_type_hints

import pytest

from agent.governance.rules.registry import RULES
from agent.reports import report
from agent.reports.control_evidence import ControlEvidence, selected
from agent.reports.difference import differences
from agent.reports.findings import Findings
from agent.reports.graph import build
from agent.reports.html.subject import Machine
from agent.reports.listing import Listing
from agent.reports.report import Report
from tests import made
from tests.reports.test_findings import finding

REPORTS: dict[str, Report[Any]] = {name: made for name, made in vars(report).items() if isinstance(made, Report)}
RECORDS = [made.agent("a\x1b[31m\nb"), made.server("s\r\nt"), made.owner(), made.instance(), made.diagnostic()]
SUBJECTS: dict[str, Any] = {
    "INVENTORY": RECORDS,
    "GRAPH": build(RECORDS),
    "FINDINGS": Findings([finding("s\x1b[2J\n")], {record.id: record for record in RECORDS}),
    "LIST": Listing("servers", [record for record in RECORDS if record.kind == "mcp_server"], RECORDS),
    "DIFFERENCES": differences({}, {"1": {"kind": "owner", "owner": "a\x1b\n", "id": "1"}}),
    "OWNERS": RECORDS,
    "CONTROLS": RECORDS,
    "CONTROL_EVIDENCE": ControlEvidence(selected([]), RECORDS),
    "PAGE": Machine(RECORDS, "a test", datetime(2026, 1, 2, tzinfo=UTC)),
    "RULES": RULES,
    "RULE": RULES[0],
}
FORMS = [(name, form) for name, one in REPORTS.items() for form in one.formats]


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_each_format_is_a_function_of_one_subject_that_gives_lines(name: str, form: str) -> None:
    module, _, function = REPORTS[name].places[form].partition(":")
    rendered = getattr(importlib.import_module(f"agent.reports.{module}"), function)
    assert len(inspect.signature(rendered).parameters) == 1
    assert get_type_hints(rendered)["return"] == Iterator[str]
    assert (rendered.__doc__ or "").strip()


@pytest.mark.parametrize(("name", "form"), [pair for pair in FORMS if pair[0] in SUBJECTS])
def test_lines_are_whole_and_the_same_each_time(name: str, form: str) -> None:
    told = list(REPORTS[name].lines(SUBJECTS[name], form))
    assert told and told == list(REPORTS[name].lines(SUBJECTS[name], form))
    assert not [line for line in told if set(line) & {"\n", "\r", "\x1b"}]
    if form == "json":
        json.loads("\n".join(told))
    if form == "ndjson":
        assert all(json.loads(line) for line in told)


def test_the_first_format_is_the_one_for_a_person() -> None:
    assert list(report.INVENTORY.lines(RECORDS)) == list(report.INVENTORY.lines(RECORDS, "table"))
    assert {one.formats[0] for one in REPORTS.values()} <= {"table", "text", "html"}
