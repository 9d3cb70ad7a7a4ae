"""The last policy that was found good, kept in the state folder with all that shows it."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from agent.records.base import Part
from agent.runtime.files import replace_file

FILE = "policy.json"


class LastGood(Part):
    """The text as it was read or fetched. It is checked again before it is used: this is a file like any other."""

    text: str
    place: str
    """Path or address it came from."""
    signature: str = ""
    signed_by: str = ""
    signed_at: int = 0
    """Seconds since 1970; 0 for a policy that needed no signature."""
    etag: str = ""

    @classmethod
    def load(cls, folder: Path) -> LastGood | None:
        """None where there is none that can be read."""
        try:
            return cls.model_validate_json((folder / FILE).read_bytes())
        except (OSError, ValueError):
            return None

    def save(self, folder: Path) -> None:
        """Atomically, mode 0600. Raises `OSError`."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(folder / FILE, [self.model_dump_json()])


def confirm(folder: Path) -> None:
    """Note that the last good policy is still the one to use."""
    with contextlib.suppress(OSError):
        os.utime(folder / FILE)


def confirmed_within(folder: Path, seconds: float) -> bool:
    """Whether that was noted so recently."""
    try:
        return abs(time.time() - (folder / FILE).stat().st_mtime) < seconds
    except OSError:
        return False


def not_before(folder: Path) -> float:
    """Seconds since 1970, and not before the last good policy was confirmed: a clock that is turned back must not make
    it one of the future, which any older one may replace."""
    try:
        return max(time.time(), (folder / FILE).stat().st_mtime)
    except OSError:
        return time.time()
