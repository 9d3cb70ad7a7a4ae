"""The program or script on disk that a definition names, and who could change what runs."""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Iterator
from os import stat_result
from typing import Literal

from agent.records import LaunchFile
from collectors.contract import Context
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import UnreadableError

Width = Literal["owner", "group", "everyone"]
_WIDTHS: tuple[Width, ...] = ("owner", "group", "everyone")
_SCRIPT = re.compile(r"(?i).+\.(py|js|mjs|cjs|ts|sh|rb|pl|php|jar|exe|cmd|bat|ps1)")
_MOST_WORDS = 8
_MOST_BYTES = 256_000
_MAY_ANYHOW = {"linux": (0,), "macos": (0, 80)}
"""Groups whose members can become root: wheel, and admin on macOS, which may write to /Applications."""


def launch_file(
    context: Context, home: Home | None, command: str | None, args: tuple[str, ...], project: str | None = None
) -> LaunchFile | None:
    """Of the scripts among the arguments and the command the one that most could change, else the first of them.

    Relative paths count in a project, where they exist. None where no path is named.
    """
    files = list(_named(context, home, command, args, project))
    return max(files, key=lambda file: _WIDTHS.index(file.writable_by), default=None)


def _named(
    context: Context, home: Home | None, command: str | None, args: tuple[str, ...], project: str | None
) -> Iterator[LaunchFile]:
    words = [word for word in args[:_MOST_WORDS] if _SCRIPT.fullmatch(word)] + [command or ""]
    words = [word for word in words if "<redacted>" not in word and "$" not in word]
    for path in words:
        if path.startswith("/") or (home is not None and path.startswith("~/")):
            file = _looked_at(context, home, path)
            if file.exists or not (home and home.word_of):  # else it may be there, and hidden from who names it
                yield file
    for path in words:
        if project and project.startswith("/") and "/" in path and not path.startswith(("/", "~")):
            file = _looked_at(context, home, f"{project}/{path.removeprefix('./')}")
            if file.exists:
                yield file


def _looked_at(context: Context, home: Home | None, path: str) -> LaunchFile:
    full = home.path + path[1:] if path.startswith("~/") and home else path
    status = context.files.status(full, home)
    if status is None:
        return LaunchFile(path=path, exists=False)
    digest = _script_hash(context, home, full, status)
    if context.os == "windows":
        return LaunchFile(path=path, exists=True, content_hash=digest)
    return LaunchFile(path=path, exists=True, content_hash=digest, writable_by=_widest(context, home, full, status))


def _script_hash(context: Context, home: Home | None, path: str, status: stat_result) -> str | None:
    """Of what is no script, or cannot be read, None: a program comes with a package that has a version."""
    if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
        return None
    try:
        data = context.files.read(path, home)
    except (OSError, UnreadableError):
        return None
    is_script = data.startswith(b"#!") or _SCRIPT.fullmatch(path)
    return hashlib.sha256(data).hexdigest() if is_script else None


def _widest(context: Context, home: Home | None, path: str, status: stat_result) -> Width:
    """The widest permission to write to it, or to put another in its place somewhere on the way to it."""
    widest = _width(context, home, status)
    folder = path.rpartition("/")[0]
    while widest != "everyone" and folder:
        status_above = context.files.status(folder, home)
        # In a folder with the sticky bit, such as /tmp, only the owner of a file may replace it.
        if status_above and not status_above.st_mode & stat.S_ISVTX:
            widest = max(widest, _width(context, home, status_above), key=_WIDTHS.index)
        folder = folder.rpartition("/")[0]
    return widest


def _width(context: Context, home: Home | None, status: stat_result) -> Width:
    if status.st_mode & stat.S_IWOTH:
        return "everyone"
    # Where every account has a group of its own, with its number, what that group may do only its owner can.
    own = home is not None and status.st_gid == home.uid
    mine = own or status.st_gid in _MAY_ANYHOW[context.os]
    return "group" if status.st_mode & stat.S_IWGRP and not mine else "owner"
