"""The doctor names what is wrong on a real machine, and its bundle names nobody."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from agent.cli.common import FAILURE
from agent.cli.main import main
from agent.config.load import load_with_sources
from agent.service.support_bundle import _without as without
from agent.service.support_bundle import bundle, bundle_without_settings


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir(mode=0o700)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = tmp_path / "config.toml"
    file.write_text(
        f'[state]\ndir = "{tmp_path}/state"\n[policy]\nfile = "{tmp_path}/policy.toml"\n'
        f'[[target]]\nurl = "http://127.0.0.1:{port}/"\ntoken_file = "{tmp_path}/token"\n'
    )
    return file


def test_each_fault_is_named_with_what_to_do(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(config), "doctor", "--format", "json"]) == FAILURE
    answers = {answer["about"]: answer for answer in json.loads(capsys.readouterr().out)}
    assert answers["settings"]["said"].endswith("no such file")
    assert answers["daemon"]["said"] == f"none runs with the state folder {config.parent}/state"
    assert answers["database"]["level"] == answers["key"]["level"] == "warning"
    assert answers["target central"]["said"] == "127.0.0.1: ConnectError: Connection refused"
    assert answers["policy"]["level"] == "error"
    assert answers["disk"]["level"] == "ok"
    for answer in answers.values():
        assert (answer["level"] == "ok") == (answer["remedy"] == ""), "what is wrong comes with what to do"


def test_a_journal_that_cannot_be_used_is_named(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "state/journal.db").write_bytes(b"no database at all" * 100)
    (config.parent / "state/journal.key").write_text("no key")
    assert main(["--config", str(config), "doctor"]) == FAILURE
    said = capsys.readouterr().out
    assert "ERROR   database: " in said
    assert f"ERROR   key: {config.parent}/state/journal.key" in said


def test_a_baseline_that_is_none_is_named_beside_all_else(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "state/baseline.json").write_bytes(b"\xff\0")
    assert main(["--config", str(config), "doctor"]) == FAILURE
    said = capsys.readouterr().out
    assert f"ERROR   inventory: {config.parent}/state/baseline.json" in said and "ok      disk: " in said


def test_the_bundle_is_shown_whole_and_names_no_host_and_no_secret(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(config.read_text() + 'name = "central"\n# token=ghp_0123456789abcdefghijABCDEFGHIJ012345\n')
    kept = config.parent / "bundle.txt"
    assert main(["--config", str(config), "support-bundle", str(kept)]) == 0
    assert capsys.readouterr().out == kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600
    text = bundle(load_with_sources(config))
    for section in ("== doctor", "== settings", "== records", "== diagnostics"):
        assert section in text
    assert socket.gethostname() not in text.replace("localhost", "")
    assert "ghp_" not in text
    assert "WARNING key: there is none yet" in text, "our own words are no secret"
    assert "a time <account" not in text


@pytest.mark.parametrize("word", ["daemon", "delivery", "journal", "policy", "there", "records", "var", "the"])
def test_an_account_named_like_a_word_of_ours_is_not_told_by_its_absence(word: str) -> None:
    names = {f"/home/{word}": "<account 1>", word: "<account 1>"}
    ours = f"WARNING {word}: none of the {word} runs with /var/lib/rollcall/journal.db"
    assert without(names, ours) == ours
    assert without(names, f"home of {word}: /home/{word}/x") == "home of <account 1>: <account 1>/x"
    assert word not in without(names, f'name = "{word}" at ~{word} and {word}@h').replace(f"{word}@h", "")


def test_a_bundle_without_usable_settings_says_why() -> None:
    text = bundle_without_settings(f"{os.path.expanduser('~')}/rollcall.toml: line 3: not TOML")
    assert "cannot be used" in text and "rollcall.toml: line 3" in text
    assert os.path.expanduser("~") not in text
