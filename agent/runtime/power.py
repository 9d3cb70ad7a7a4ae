"""Whether this machine runs on a battery that is nearly empty, as Linux says it in /sys/class/power_supply."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

_FOLDER = Path("/sys/class/power_supply")
_LOW_PERCENT = 20


def battery_is_low(folder: Path = _FOLDER) -> bool:
    """Whether a battery of the system discharges and has a fifth or less left. False where nothing says so."""
    with suppress(OSError):
        return any(map(_is_low, folder.iterdir()))
    return False


def _is_low(supply: Path) -> bool:
    # A mouse has a battery too: its scope is the device.
    if _value(supply, "type") != "Battery" or _value(supply, "scope") == "Device":
        return False
    percent = _value(supply, "capacity")
    return _value(supply, "status") == "Discharging" and percent.isdigit() and int(percent) <= _LOW_PERCENT


def _value(supply: Path, name: str) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return (supply / name).read_text("ascii").strip()
    return ""
