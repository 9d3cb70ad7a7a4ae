"""Files given beside the policy: taken up when they change, and a bad one replaces nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from agent.governance.baseline import Baseline
from agent.governance.inputs.admin_files import GivenFiles
from agent.governance.inputs.assignment import read_assignment
from agent.governance.policy.settings import PolicySettings

EXAMPLE = Path(__file__).parents[3] / "assignment.example.toml"
GOOD = '[[assignment]]\naccount = "dev"\nperson = "Dana"\n'


def given(path: Path) -> GivenFiles:
    return GivenFiles(PolicySettings(assignment=str(path)))


def people(files: GivenFiles) -> list[str]:
    return [rule.person for rule in files.assignment]


def test_the_example_says_what_its_comment_says() -> None:
    first, second = read_assignment(str(EXAMPLE))
    assert (first.account, first.device, first.person, first.team) == ("dev", "lap-*", "Dana Example", "Platform")
    assert (second.account, second.group) == ("*", "data-science")


def test_json_says_the_same_as_toml(tmp_path: Path) -> None:
    path = tmp_path / "assignment.json"
    path.write_text("\ufeff" + json.dumps({"assignment": [{"account": "dev", "person": "Dana"}]}))
    (tmp_path / "assignment.toml").write_text(GOOD)
    assert read_assignment(str(path)) == read_assignment(str(tmp_path / "assignment.toml"))


def test_nothing_named_is_no_trouble() -> None:
    files = GivenFiles()
    assert not files.refresh()
    assert (files.assignment, len(files.registered), list(files.diagnostics("e"))) == ((), 0, [])


def test_a_changed_file_is_taken_up_and_an_unchanged_one_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(GOOD)
    files = given(path)
    assert files.refresh()
    assert people(files) == ["Dana"]
    assert not files.refresh()
    path.write_text(GOOD.replace("Dana", "Sandra"))
    assert files.refresh()
    assert people(files) == ["Sandra"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[assignment]]\naccount = "dev"\n', "assignment.0.person"),
        ('[[assignment]]\nperson = "hunter2"\ntoken = "hunter2"\n', "assignment.0.token"),
        ('[[assignment]]\nperson = 7\naccount = "hunter2"\n', "assignment.0.person"),
        ("assignment = [\n", ""),
        ("x = 1\n", "assignment"),
        ("\0", ""),
        ("a = " + "[" * 50_000, ""),
        ("#" + "x" * 2_000_000, "larger than"),
    ],
)
def test_a_bad_file_replaces_nothing_and_is_told_without_its_content(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(GOOD)
    files = given(path)
    files.refresh()
    path.write_text(text)
    assert files.refresh()
    assert people(files) == ["Dana"]
    (diagnostic,) = files.diagnostics("e")
    assert (diagnostic.code, diagnostic.severity, diagnostic.path) == ("assignment.unusable", "error", str(path))
    assert told in diagnostic.message
    assert "hunter2" not in diagnostic.message
    path.write_text(GOOD)
    files.refresh()
    assert not list(files.diagnostics("e"))


def test_bytes_that_are_no_text_and_bad_json_are_told(tmp_path: Path) -> None:
    for name, data in (("a.toml", b"\xff\xfe\x00"), ("a.json", b'{"assignment": [}'), ("b.json", b"[" * 100_000)):
        path = tmp_path / name
        path.write_bytes(data)
        files = given(path)
        files.refresh()
        assert len(list(files.diagnostics("e"))) == 1


@pytest.mark.parametrize("make", [lambda p: None, Path.mkdir, os.mkfifo], ids=["absent", "folder", "pipe"])
def test_what_is_no_file_is_told_and_holds_nothing_up(tmp_path: Path, make: object) -> None:
    path = tmp_path / "a.toml"
    make(path)  # type: ignore[operator]  # any callable
    for settings in (PolicySettings(assignment=str(path)), PolicySettings(registry_snapshot=str(path))):
        files = GivenFiles(settings)
        files.refresh()
        assert len(list(files.diagnostics("e"))) == 1


def test_a_baseline_that_is_accepted_later_counts_and_a_bad_one_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    files = GivenFiles(None, path)
    files.refresh()
    assert files.baseline is None
    Baseline("then", {"a": {}}).save(path)
    assert files.refresh() and files.baseline and files.baseline.accepted_at == "then"
    path.write_text("{")
    assert files.refresh() and files.baseline and files.baseline.accepted_at == "then"
    assert [diagnostic.code for diagnostic in files.diagnostics("e")] == ["baseline.unusable"]
