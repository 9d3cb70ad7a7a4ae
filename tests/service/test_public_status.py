"""Everybody may ask whether the service is well; names and hosts stay with root."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.records import CollectorHealth, Evidence, Heartbeat, TargetHealth
from agent.service import public_status


def test_it_says_whether_it_is_well_and_names_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beat = Heartbeat(
        endpoint_id="endpoint-1", evidence=Evidence(collector="rollcall", confidence="confirmed"),
        rollcall_version="1.2.3", uptime_seconds=7, inventory_digest="d", journal_head=9,
        collectors=(CollectorHealth(name="configs", ok=True), CollectorHealth(name="host", ok=False)),
        targets=(TargetHealth(name="secret-name", acknowledged=1, backlog=8, last_error="HTTP 503"),),
    )  # fmt: skip
    public_status.write(beat)
    assert list(tmp_path.iterdir()) == [], "without a folder for it nothing is written"
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    public_status.write(beat)
    file = tmp_path / "status.json"
    assert file.stat().st_mode & 0o777 == 0o644
    assert not {"secret-name", "endpoint-1", "503"} & set(file.read_text().replace('"', " ").split())
    status = public_status.read(file)
    assert status
    text = public_status.text_of(status)
    assert text.startswith("rollcall 1.2.3: running, NOT WELL\n")
    assert "collectors that fail: 1 of 2" in text and "targets that take nothing: 1 of 1" in text


def test_what_is_not_there_or_garbage_says_nothing(tmp_path: Path) -> None:
    assert public_status.read(tmp_path / "gone") is None
    (tmp_path / "status.json").write_text("{")
    assert public_status.read(tmp_path / "status.json") is None
