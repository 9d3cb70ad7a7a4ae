"""The few variables of a process' environment that move a client's files."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable

_MOST_BYTES = 1_000_000


def environment(pid: int, names: Iterable[str]) -> dict[str, str]:
    """The values of these variables in a process; none where the system does not show them to this one."""
    wanted = set(names)
    if sys.platform == "linux":
        with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:
            pairs = (os.fsdecode(item).partition("=") for item in file.read(_MOST_BYTES).split(b"\0"))
            return {name: value for name, _, value in pairs if name in wanted}
        return {}
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        return {name: value for name, value in psutil.Process(pid).environ().items() if name in wanted}
    return {}
