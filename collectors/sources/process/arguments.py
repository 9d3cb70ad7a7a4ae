"""The command line of one process, as it stands now."""

from __future__ import annotations

import contextlib
import os
import sys

from collectors.sources.process.words import MOST_WORDS

_MOST = 256 * 1024


def arguments(pid: int) -> tuple[str, ...]:
    """Its words; nothing where the system does not show them to this process."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read(_MOST).split(b"\0", MOST_WORDS)[:MOST_WORDS]
            return tuple(os.fsdecode(word).encode("utf-8", "replace").decode() for word in words)
        return ()
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        return tuple(psutil.Process(pid).cmdline()[:MOST_WORDS])
    return ()
