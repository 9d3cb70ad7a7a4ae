"""A target that fails is told of at once, then ever more seldom."""

from __future__ import annotations

import json

import pytest

from agent.delivery.cursor import TargetStatus
from agent.delivery.failure_log import FailureLog
from agent.runtime.logs import LogSettings, configure


def status(error: str | None) -> TargetStatus:
    return TargetStatus("central", 1, 7, 0, error, "2026-01-01T00:00:00+00:00" if error else None, None)


def test_each_reason_at_once_and_again_with_growing_pauses(capfd: pytest.CaptureFixture[str]) -> None:
    configure(LogSettings())
    now = 0
    log = FailureLog(lambda: now)
    told: list[tuple[int, str, str | None]] = []
    for now, error in enumerate([*["HTTP 503"] * 600, "HTTP 401", None, None]):
        log.note(status(error))
        for line in map(json.loads, capfd.readouterr().err.splitlines()):
            told.append((now, line["event"], line.get("reason")))
            assert error is None or line["backlog"] == 7
    assert told == [
        (0, "delivery.failed", "HTTP 503"),
        (60, "delivery.failed", "HTTP 503"),
        (180, "delivery.failed", "HTTP 503"),
        (420, "delivery.failed", "HTTP 503"),
        (600, "delivery.failed", "HTTP 401"),
        (601, "delivery.recovered", None),
    ]
