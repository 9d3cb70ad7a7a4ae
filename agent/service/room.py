"""Whether the disk still has room for what is only nice to know."""

from __future__ import annotations

import shutil
from pathlib import Path

_SHORT_BYTES = 64 * 1024 * 1024
_SHORT_PART = 0.05


def is_short(folder: Path) -> bool:
    """Whether so little is free that changes and findings come first: heartbeats are not journaled any more."""
    try:
        disk = shutil.disk_usage(folder)
    except OSError:
        return False
    return disk.free < min(_SHORT_BYTES, disk.total * _SHORT_PART)
