"""A daemon that dies again and again waits ever longer before its next try, so that it does not keep a machine busy."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

FILE = "starts"
"""Name of the file in the state folder that counts the starts of which none went well."""
_FREE = 5
_FIRST, _LONGEST = 10.0, 600.0


def pause_before_start(folder: Path) -> float:
    """Seconds to wait now, having counted this start."""
    count = _count(folder) + 1
    with contextlib.suppress(OSError):  # the disk is full: systemd's own pause must do
        (folder / FILE).write_text(str(count), encoding="ascii")
    return 0.0 if count <= _FREE else min(_FIRST * 2.0 ** (count - _FREE - 1), _LONGEST)


def went_well(folder: Path) -> None:
    """This start did not end in a crash, or not soon."""
    with contextlib.suppress(OSError):
        os.unlink(folder / FILE)


def _count(folder: Path) -> int:
    try:
        return min(int((folder / FILE).read_text(encoding="ascii")), 1000)
    except (OSError, ValueError):
        return 0
