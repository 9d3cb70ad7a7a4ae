"""The program or script on disk that a definition names, and who could change it."""

from __future__ import annotations

import re
import stat
from typing import Literal

from agent.records import LaunchFile
from collectors.contract import Context, Home

_SCRIPT = re.compile(r"(?i).+\.(py|js|mjs|cjs|ts|sh|rb|pl|php|jar|exe|cmd|bat|ps1)")
_STICKY = stat.S_ISVTX


def launch_file(context: Context, home: Home | None, command: str | None, args: tuple[str, ...]) -> LaunchFile | None:
    """The first absolute script among the arguments, else the absolute command; None where neither is one."""
    scripts = [arg for arg in args[:8] if _absolute(arg, home) and _SCRIPT.fullmatch(arg)]
    path = next((path for path in (*scripts, command or "") if _absolute(path, home)), None)
    if path is None or "<redacted>" in path or "$" in path:
        return None
    full = home.path + path[1:] if path.startswith("~/") and home else path
    mode = context.files.mode(full, home)
    if mode is None:
        return LaunchFile(path=path, exists=False)
    folder = context.files.mode(full.rpartition("/")[0] or "/", home) or 0
    return LaunchFile(path=path, exists=True, writable_by=_widest(mode, folder))


def _absolute(path: str, home: Home | None) -> bool:
    return path.startswith("/") or (home is not None and path.startswith("~/"))


def _widest(mode: int, folder: int) -> Literal["owner", "group", "everyone"]:
    """In a folder with the sticky bit, such as /tmp, only the owner may replace a file."""
    bits = mode | (0 if folder & _STICKY else folder)
    return "everyone" if bits & stat.S_IWOTH else "group" if bits & stat.S_IWGRP else "owner"
