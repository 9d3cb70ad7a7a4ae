"""Where a report goes: to standard output, or to a file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from agent.runtime import terminal
from agent.runtime.files import replace_file


def emit(lines: Iterable[str], output: Path | None) -> None:
    """Write lines to stdout, or atomically to a file that only its owner may read. Raises `OSError`."""
    text = (f"{line}\n" for line in lines)
    if output and (device := _device(output)) is not None:
        with os.fdopen(device, "w", encoding="utf-8") as sink:
            sink.writelines(text)
        return
    if output:
        replace_file(output, text)
        return
    out = terminal.stdout()
    out.writelines(text)
    out.flush()


def _device(path: Path) -> int | None:
    """An open character device such as `/dev/null`, which root must not replace by a file; None for all else.

    Only root can make one. A link, or a pipe in a folder that others write to, could lead the inventory to them.
    """
    try:
        if not stat.S_ISCHR(path.lstat().st_mode):
            return None
        descriptor = os.open(path, os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NOCTTY", 0))
    except FileNotFoundError:
        return None
    if stat.S_ISCHR(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None
