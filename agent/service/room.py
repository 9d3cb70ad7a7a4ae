"""Whether the disk of the state folder still takes what is to be kept."""

from __future__ import annotations

import os
import shutil
import tempfile
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


def fault(folder: Path) -> str | None:
    """Why nothing can be written there, as far as this account may ask. It is tried: a file system in which the kernel
    found an error still says that it may be written. Nothing is left of the try."""
    try:
        if os.access(folder, os.W_OK):
            tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        return error.strerror or type(error).__name__
    return None
