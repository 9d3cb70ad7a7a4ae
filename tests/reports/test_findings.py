"""Findings as people read them: grouped, one by one, and one in full."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from agent.records import Evidence, Finding, Proof
from agent.reports.columns import columns
from agent.reports.findings import Findings, at_least, each, grouped, in_full, lines, wanting
from tests import made


def finding(subject: str = "files in demo (dev)", **fields: Any) -> Finding:
    given = {"rule": "server.floating", "title": "MCP server without a fixed version", "severity": "medium", **fields}
    return Finding(
        endpoint_id="e",
        evidence=Evidence(collector="rollcall"),
        subject_id=subject,
        subject_key=subject,
        subject=subject,
        remediation="Name a version.",
        opened_at=datetime(2026, 3, 1, tzinfo=UTC),
        **given,
    )


def test_what_is_gravest_comes_first_and_what_is_settled_or_a_remark_not_at_all() -> None:
    low, high = finding(severity="low", rule="a"), finding(severity="high", rule="z")
    settled = [finding(state="resolved"), finding(state="acknowledged"), finding(severity="info")]
    assert wanting([low, *settled, high]) == [high, low]
    assert at_least([low, high], "medium") == [high]


def test_a_group_says_how_many_it_has_and_names_what_fits() -> None:
    many = [finding(f"s{number} in demo (dev)") for number in range(40)]
    (_, row) = grouped(Findings(wanting([*many, finding("s0 in demo (dev)", severity="info", rule="other")])))
    assert row.split("  ")[0] == "medium"
    assert " 40 " in row
    assert row.endswith("s0 in demo (dev), s1 in demo (dev), and 38 more")


def test_one_severity_of_a_rule_is_not_hidden_behind_another() -> None:
    two = wanting([finding("a", severity="critical"), finding("b", severity="low")])
    assert [row.split()[0] for row in list(grouped(Findings(two)))[1:]] == ["critical", "low"]


def test_a_line_begins_with_an_id_that_shows_it_in_full() -> None:
    (_, row) = lines(Findings([finding()]))
    assert finding().id.startswith(row.split()[0])
    assert list(lines(Findings([]))) == ["Nothing wants attention."]


def test_of_many_there_is_a_line_a_rule_and_all_when_asked() -> None:
    many = Findings([finding(f"s{number}") for number in range(300)])
    (_, row, more) = lines(many)
    assert row.split()[1:3] == ["300", "server.floating"] and "--all" in more
    assert len(list(each(many))) == 301


def test_in_full_it_says_where_why_and_what_to_do() -> None:
    server = made.server("files")
    proof = Proof(what="a version that floats", value="latest")
    about = finding(server.id, evidence_for=(proof,), controls=("A.10",))
    text = "\n".join(in_full(Findings([about], {server.id: server}, {about.id: 12})))
    assert f"{server.source.path}:12: {server.source.key}" in text
    for part in ("because: a version that floats latest", "A.10", "2026-03-01 00:00 UTC", "to do: Name a version."):
        assert part in text


def test_columns_fit_the_width_they_are_given_and_leave_out_what_is_empty() -> None:
    rows = [("x" * 50, "y" * 50, "-"), ("a", "b", "")]
    shown = columns(("FIRST", "SECOND", "THIRD"), rows, width=80)
    assert max(map(len, shown)) == 80
    assert "THIRD" not in shown[0]
    assert shown[1].count("…") == 2
    assert max(map(len, columns(("FIRST", "SECOND"), [row[:2] for row in rows]))) == 102
