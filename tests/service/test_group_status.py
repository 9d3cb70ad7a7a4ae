"""Members of the administrators' group read the whole status; others do not, and without the setting nobody does."""

from __future__ import annotations

import grp
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.records import CollectorHealth, Evidence, Heartbeat, TargetHealth
from agent.service import group_status, status

_NOBODY = "65534"


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """One that everybody may enter, as /run/rollcall is."""
    if os.name != "posix" or os.geteuid() or not shutil.which("setpriv"):
        pytest.skip("needs root and setpriv")
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(made))
    monkeypatch.setattr(group_status, "PLACE", made / group_status.PLACE.name)
    yield made
    shutil.rmtree(made)


def seen_by(group: int, file: Path) -> str | None:
    """What an account reads that is in this group and no other."""
    account = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", f"--groups={group}"]
    done = subprocess.run([*account, "cat", file], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def test_its_members_read_it_and_others_do_not(folder: Path) -> None:
    group_status.write("all of it", "adm")
    file = folder / "administrators.json"
    assert seen_by(grp.getgrnam("adm").gr_gid, file) == "all of it"
    assert seen_by(grp.getgrnam("users").gr_gid, file) is None
    group_status.write("all of it", "")
    assert list(folder.iterdir()) == [], "a setting that was taken back"
    with pytest.raises(OSError, match="no group is called nosuchgroup"):
        group_status.write("all of it", "nosuchgroup")


def test_the_command_shows_what_the_daemon_left_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beat = Heartbeat(
        endpoint_id="endpoint-1", evidence=Evidence(collector="rollcall", confidence="confirmed"),
        rollcall_version="1.2.3", uptime_seconds=7, inventory_digest="d", journal_head=9,
        collectors=(CollectorHealth(name="configs", ok=True),),
        targets=(TargetHealth(name="central", acknowledged=1, backlog=8, last_error="HTTP 503", failing_since="noon"),),
    )  # fmt: skip
    left = tmp_path / "administrators.json"
    left.write_text(f'{{"pid": 1, "written_at": "now", "journal_error": null, "heartbeat": {beat.to_json()}}}')
    monkeypatch.setattr(group_status.read, "__defaults__", (left,))
    report = status.report(tmp_path / "closed")
    assert report.running and "target central: backlog 8, FAILING since noon: HTTP 503" in report.text
    assert "journal: 9 entries" in report.text
