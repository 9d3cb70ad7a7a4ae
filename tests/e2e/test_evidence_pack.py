"""An evidence pack of a machine that lived: an auditor checks it with other people's tools, and sees a change."""

from __future__ import annotations

import csv
import html
import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.running_daemon import QUICK, RunningDaemon

if TYPE_CHECKING:
    from conftest import Machine, Outcome

SECRET = "sk-Zq8planted4w9"
POLICY = 'version = "3"\n[[agent]]\nid = "claude-code"\npurpose = "Writing code"\n'


def config(**env: str) -> str:
    return json.dumps({"mcpServers": {"notes": {"command": "npx", "args": ["-y", "notes-mcp@1"], "env": env}}})


@pytest.fixture
def lived(machine: Machine) -> RunningDaemon:
    """A secret stood in a file, and does no more; the daemon has stopped."""
    policy = machine.folder / "policy.toml"
    policy.write_text(POLICY)
    daemon = RunningDaemon(machine, f'{QUICK}[policy]\nfile = "{policy}"\n')
    file = daemon.home / ".claude.json"
    file.write_text(config(API_KEY=SECRET))
    os.chown(file, 54321, 54321)
    daemon.ready()
    file.write_text(config())
    daemon.sees(lambda found: found["notes"]["inline_secret"] is False)
    assert daemon.stop() == 0
    return daemon


def report(daemon: RunningDaemon, *arguments: str | Path) -> Outcome:
    return daemon.rollcall("report", "--evidence", *arguments)


def checked(folder: Path) -> list[bool]:
    """What each command says that the first page tells an auditor to give."""
    page = (folder / "index.html").read_text()
    commands = [html.unescape(line) for line in re.findall(r"<code>((?:jq|openssl) [^<]*)</code>", page)]
    assert len(commands) == 2
    shell = ("bash", "-o", "pipefail", "-c")
    done = [subprocess.run([*shell, line], cwd=folder, capture_output=True, timeout=60) for line in commands]
    return [one.returncode == 0 for one in done]


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / name).read_text().splitlines()))


def test_an_auditor_checks_a_pack_by_hand_and_sees_what_was_changed(lived: RunningDaemon, tmp_path: Path) -> None:
    if not (shutil.which("jq") and shutil.which("openssl")):
        pytest.skip("needs jq and openssl")
    folder = tmp_path / "pack"
    done = report(lived, folder)
    assert done.status == 0, done.stderr
    assert checked(folder) == [True, True]
    assert lived.rollcall("audit", "verify", folder / "journal.ndjson", "--key", folder / "journal.pub").status == 0
    assert not [file.name for file in folder.iterdir() if SECRET.encode() in file.read_bytes()]
    listed = {entry["name"] for entry in json.loads((folder / "manifest.json").read_text())["files"]}
    assert listed == {file.name for file in folder.iterdir()} - {"manifest.json", "manifest.sig"}

    (closed,) = [row for row in rows(folder, "nonconformities.csv") if row["class"] == "server.inline_secret"]
    assert closed["state"] == "resolved" and closed["opened"] <= closed["closed"]
    (agent,) = [row for row in rows(folder, "inventory-register.csv") if row["type"] == "AI agent"]
    assert (agent["purpose"], agent["policy says"]) == ("Writing code", "sanctioned")
    assert (folder / "policy.toml").read_text() == POLICY
    changed = [row["fields before and after"] for row in rows(folder, "changes.csv")]
    assert sum("inline_secret: true -> false" in fields for fields in changed) == 1

    with (folder / "changes.csv").open("a") as file:
        file.write("x\n")
    assert checked(folder) == [False, True]
    (folder / "manifest.json").write_text((folder / "manifest.json").read_text().replace("index.html", "other.html"))
    assert checked(folder) == [False, False]
    assert report(lived, folder).status == 2, "a pack that is there is not written over"


def test_a_pack_is_one_archive_and_is_not_signed_without_the_key(lived: RunningDaemon, tmp_path: Path) -> None:
    (lived.state / "journal.key").rename(lived.state / "elsewhere")
    done = report(lived, tmp_path / "pack.zip", "--since", "2100-01-01")
    assert done.status == 0 and b"NOT signed" in done.stderr
    with zipfile.ZipFile(tmp_path / "pack.zip") as archive:
        assert {name.partition("/")[0] for name in archive.namelist()} == {"pack"}
        assert "pack/manifest.sig" not in archive.namelist()
        assert json.loads(archive.read("pack/manifest.json"))["public_key"] is None
        assert len(archive.read("pack/changes.csv").splitlines()) == 1
        # What was closed before the period is none of it.
        assert b"server.inline_secret" not in archive.read("pack/nonconformities.csv")
    assert (tmp_path / "pack.zip").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".pack")] == []


def test_without_a_journal_there_is_no_evidence(machine: Machine, tmp_path: Path) -> None:
    rollcall = machine.rollcall()
    done = rollcall("report", "--evidence", tmp_path / "pack")
    assert done.status == 2 and b"needs one" in done.stderr and not (tmp_path / "pack").exists()
    assert rollcall("--root", tmp_path, "report", "--evidence", tmp_path / "pack").status == 2
