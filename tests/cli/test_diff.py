"""Two states of one inventory, saved or journaled, and what differs between them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.cli.common import COMPLETE, USAGE
from agent.cli.diff import folded
from agent.cli.main import main
from agent.records import Record
from agent.reports.difference import differences, lines
from tests import made


def saved(path: Path, *records: Record) -> str:
    path.write_text("".join(f"{record.to_json()}\n" for record in records), encoding="utf-8")
    return str(path)


def told(record: Record) -> dict[str, object]:
    fields: dict[str, object] = json.loads(record.to_json())
    return fields


def test_what_is_new_gone_or_changed_is_told_and_what_was_only_seen_again_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = made.server("one", package="pkg:npm/x@1"), made.server("two")
    before = saved(tmp_path / "a", made.agent(), one, two)
    seen_again = made.agent().model_copy(update={"observed_at": made.SEEN.replace(year=2027)})
    after = saved(tmp_path / "b", seen_again, one.changed(package="pkg:npm/x@2"), made.server("three\x1b[2J"))
    assert main(["diff", before, after]) == COMPLETE
    shown = capsys.readouterr().out
    assert "changed  one in demo (dev): package from pkg:npm/x@1 to pkg:npm/x@2" in shown
    assert "gone     two in demo" in shown and "new      three\ufffd[2J" in shown
    assert shown.endswith("1 new, 1 changed, 1 gone\n") and "demo\n" not in shown
    assert main(["diff", before, after, "--format", "json"]) == COMPLETE
    assert len(json.loads(capsys.readouterr().out)) == 3


def test_two_files_or_two_times_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = saved(tmp_path / "a", made.agent())
    assert main(["diff", file, file]) == COMPLETE
    assert capsys.readouterr().out == "No difference.\n"
    assert main(["diff", file, str(tmp_path / "none")]) == USAGE
    (tmp_path / "no").write_text("{]")
    assert main(["diff", file, str(tmp_path / "no")]) == USAGE
    assert "no records" in capsys.readouterr().err
    (tmp_path / "foreign").write_text('[{"id": "x", "kind": "finding"}]')
    assert main(["diff", str(tmp_path / "foreign"), file]) == COMPLETE


def test_entries_are_folded_to_the_states_before_and_after_them() -> None:
    server = made.server("one", package="pkg:npm/x@1")
    changed = told(server.changed(package="pkg:npm/x@3"))
    passing = told(made.server("passing"))
    entries = [
        {"op": "changed", "record": changed, "changes": [{"field": "package", "before": "pkg:npm/x@1", "after": "3"}]},
        {"op": "discovered", "record": passing, "changes": []},
        {"op": "removed", "record": passing, "changes": []},
        {"op": "removed", "record": told(made.server("old")), "changes": []},
    ]
    found = differences(*folded(entries))
    assert [(one.what, one.about.split()[0], one.before) for one in found] == [
        ("gone", "old", ""),
        ("changed", "one", "pkg:npm/x@1"),
    ]
    assert list(lines([])) == ["No difference."]
