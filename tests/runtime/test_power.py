from __future__ import annotations

from pathlib import Path

import pytest

from agent.runtime.power import battery_is_low

LOW = {"type": "Battery", "status": "Discharging", "capacity": "14"}


def supply(folder: Path, name: str, **values: str) -> None:
    (folder / name).mkdir()
    for key, value in values.items():
        (folder / name / key).write_text(value + "\n")


def test_a_battery_that_discharges_with_little_left_is_low(tmp_path: Path) -> None:
    supply(tmp_path, "AC", type="Mains", online="0")
    supply(tmp_path, "BAT0", **LOW)
    assert battery_is_low(tmp_path)


@pytest.mark.parametrize(
    "other", [{"status": "Charging"}, {"capacity": "21"}, {"scope": "Device"}, {"type": "UPS"}, {"capacity": "?"}]
)
def test_all_else_is_not(tmp_path: Path, other: dict[str, str]) -> None:
    supply(tmp_path, "BAT0", **{**LOW, **other})
    assert not battery_is_low(tmp_path)


def test_where_nothing_says_so_it_is_not(tmp_path: Path) -> None:
    assert not battery_is_low(tmp_path / "gone")
