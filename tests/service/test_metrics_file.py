"""The metrics file is what the reference parser reads, and what the heartbeat says."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.records import CollectorHealth, Evidence, Heartbeat, TargetHealth
from agent.records.heartbeat import OwnUse
from agent.runtime.logs import LogSettings, configure
from agent.service import metrics_file


def test_a_scraper_reads_what_the_heartbeat_says(tmp_path: Path) -> None:
    beat = Heartbeat(
        endpoint_id="e",
        evidence=Evidence(collector="rollcall", confidence="confirmed"),
        rollcall_version="1.2.3",
        uptime_seconds=7,
        inventory_digest="d",
        journal_head=9,
        collectors=(CollectorHealth(name="configs", ok=False, seconds=0.5, records=3),),
        targets=(TargetHealth(name='a"b', acknowledged=1, backlog=8, last_error="HTTP 503"),),
        own_use=OwnUse(cpu_share=0.5, resident_bytes=4, descriptors=5, threads=6, state_bytes=7, exceeded="CPU"),
    )
    file = tmp_path / "rollcall.prom"
    metrics_file.write(file, beat)
    lines = file.read_text().splitlines()
    for line in (
        'rollcall_build{version="1.2.3"} 1',
        "rollcall_cpu_share 0.5",
        "rollcall_reduced 1",
        'rollcall_collector_up{collector="configs"} 0',
        'rollcall_delivery_failing{target="a\\"b"} 1',
        'rollcall_delivery_backlog{target="a\\"b"} 8',
    ):
        assert line in lines
    assert lines[-1] == "# EOF"
    assert file.stat().st_mode & 0o777 == 0o644


def test_a_folder_that_is_not_there_ends_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    configure(LogSettings())
    beat = Heartbeat(
        endpoint_id="e", evidence=Evidence(collector="rollcall", confidence="confirmed"), rollcall_version="1",
        uptime_seconds=7, inventory_digest="d", journal_head=9,
    )  # fmt: skip
    metrics_file.write(tmp_path / "gone/rollcall.prom", beat)
    assert "metrics.not_written" in capfd.readouterr().err
