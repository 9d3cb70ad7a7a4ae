"""Real configuration files through the command: what `rollcall explain` finds against what a reader found."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from collectors.catalog.catalog import Catalog

if TYPE_CHECKING:
    from conftest import Record, Rollcall

KINDS = ("mcp_config", "extension", "plugin")


@pytest.fixture
def rows(shared: Path) -> list[dict[str, Any]]:
    """Files of the catalog's clients, each with the name it is read by."""
    corpus = shared / "corpus"
    rows = map(json.loads, (corpus / "index.jsonl").read_text().splitlines())
    known = Catalog.load().clients
    wanted = [row for row in rows if row["kind"] in KINDS and row["client"] in known]
    return [row | {"at": str(corpus / row["file"])} for row in wanted if (corpus / row["file"]).exists()]


_EXPLAINED: dict[str, list[Record]] = {}
"""By file the records that come out of it: sixty runs of the command serve all tests here."""


@pytest.fixture
def explained(rollcall: Rollcall, rows: list[dict[str, Any]]) -> dict[str, list[Record]]:
    for client in sorted({row["client"] for row in rows}) if not _EXPLAINED else ():
        own = [row["at"] for row in rows if row["client"] == client]
        outcome = rollcall("explain", "--client", client, "--format", "ndjson", *own)
        assert (outcome.status, outcome.stderr) == (0, b"")
        for record in outcome.records:
            _EXPLAINED.setdefault(record.get("path") or record.get("source", {}).get("path"), []).append(record)
    return _EXPLAINED


def test_every_server_is_found_and_none_is_invented(
    explained: dict[str, list[Record]], rows: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    expected, found, transports, wrong = Counter[tuple[str, str]](), Counter[tuple[str, str]](), 0, []
    for row in rows:
        if "ambiguous" in json.dumps(row):
            continue
        servers = [record for record in explained.get(row["at"], ()) if record["kind"] == "mcp_server"]
        accepted = {s["name"]: s["transport_accept"] for s in row["expected"]["servers"] or []}
        expected.update((row["file"], server["name"]) for server in row["expected"]["servers"] or [])
        found.update((row["file"], server["name"]) for server in servers)
        for server in servers:
            right = server["transport"] in accepted.get(server["name"], ())
            transports += right
            wrong += [] if right else [(row["file"], server["name"], server["transport"])]
    both = (expected & found).total()
    recall, precision = both / expected.total(), both / found.total()
    with capsys.disabled():
        print(f"\n{len(rows)} files, {expected.total()} servers: recall {recall:.4f}, precision {precision:.4f}")
    assert sorted((expected - found).elements()) == []
    assert sorted((found - expected).elements()) == []
    assert wrong == []
    assert (recall, precision, transports) == (1.0, 1.0, expected.total())
    assert expected.total() > 250


def test_a_file_that_cannot_be_parsed_yields_a_place_and_no_server(
    explained: dict[str, list[Record]], rows: list[dict[str, Any]]
) -> None:
    broken = [row for row in rows if "not parseable" in row.get("note", "")]
    assert broken
    for row in broken:
        records = explained[row["at"]]
        assert {record["kind"] for record in records} == {"diagnostic"}, row["file"]
        reasons = [record for record in records if record["code"].startswith("parse.")]
        assert len(reasons) == 1, row["file"]
        if reasons[0]["code"] != "parse.empty":
            assert reasons[0]["severity"] == "error"
            assert reasons[0]["line"] >= 1, row["file"]
            assert reasons[0]["column"] >= 1 or reasons[0]["code"] == "parse.encoding", row["file"]


def test_a_file_that_can_be_parsed_is_never_called_broken(
    explained: dict[str, list[Record]], rows: list[dict[str, Any]]
) -> None:
    sound = [row for row in rows if "not parseable" not in row.get("note", "")]
    assert len(sound) > 100
    for row in sound:
        errors = [record["code"] for record in explained.get(row["at"], ()) if record.get("severity") == "error"]
        assert errors == [], row["file"]
