"""A daemon that crashes at every start waits ever longer."""

from __future__ import annotations

from pathlib import Path

from agent.service.crash_loop import pause_before_start, went_well


def test_the_first_starts_wait_for_nothing_the_next_ever_longer_up_to_ten_minutes(tmp_path: Path) -> None:
    pauses = [pause_before_start(tmp_path) for _ in range(14)]
    assert pauses[:8] == [0, 0, 0, 0, 0, 10, 20, 40]
    assert pauses == sorted(pauses) and pauses[-1] == 600
    went_well(tmp_path)
    assert pause_before_start(tmp_path) == 0


def test_a_file_of_garbage_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "starts").write_text("many")
    assert pause_before_start(tmp_path) == 0
    went_well(tmp_path / "no such folder")
