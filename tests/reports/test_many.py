"""Reports of many records: four times as many take about four times the work, in every format."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from agent.records import Finding, Record
from agent.reports import report
from agent.reports.difference import differences
from agent.reports.findings import Findings
from agent.reports.graph import build
from agent.reports.listing import Listing, of_kind
from tests import made
from tests.counting import LINEAR, growth
from tests.reports.test_findings import finding

FEW = 200
FORMS = [
    (name, form)
    for name in ("INVENTORY", "FINDINGS", "LIST", "OWNERS", "CONTROLS", "GRAPH")
    for form in getattr(report, name).formats
]


@cache
def look(count: int) -> tuple[Record, ...]:
    servers = [made.server(f"s{number}", package=f"pkg:npm/x{number}@1.0.{number}") for number in range(count)]
    agent = made.agent("demo")
    joined = [made.connection(agent.id, relation="configured", to_id=server.id) for server in servers]
    found = [finding(server.id, rule=f"r.{number % 7}") for number, server in enumerate(servers)]
    return (agent, made.owner(), *servers, *joined, *found)


@cache
def subject(name: str, count: int) -> Any:
    records = look(count)
    match name:
        case "FINDINGS":
            return Findings([r for r in records if isinstance(r, Finding)], {r.id: r for r in records})
        case "LIST":
            return Listing("servers", of_kind("servers", records), records)
        case "GRAPH":
            return build(records)
    return records


def listing(name: str, form: str, count: int) -> Callable[[], object]:
    told = subject(name, count)
    return lambda: sum(map(len, getattr(report, name).lines(told, form)))


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_no_format_takes_work_by_the_square(name: str, form: str) -> None:
    assert growth(lambda count: listing(name, form, count), FEW) < LINEAR


def test_neither_does_a_difference() -> None:
    def comparing(count: int) -> Callable[[], object]:
        before = {str(number): {"kind": "owner", "owner": str(number), "uid": 1} for number in range(count)}
        after = {id_: {**record, "uid": 2} for id_, record in before.items()}
        assert len(differences(before, after)) == count
        return lambda: differences(before, after)

    assert growth(comparing, 1_000) < LINEAR
