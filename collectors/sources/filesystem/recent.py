"""Files that were written lately, by a pattern: each folder on the way is listed once and nothing is opened."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from heapq import nlargest
from itertools import islice
from typing import NamedTuple

from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import FileTree, UnreadableError
from collectors.sources.filesystem.globbing import expression
from collectors.sources.filesystem.unreadable import explained

_MOST_FOLDERS = 200
"""Of the folders that fit one `*`, those changed last."""
_MOST_ENTRIES = 20_000


class Recent(NamedTuple):
    """A file as it was when its folder was listed; one that differs in nothing was not written since."""

    modified: int
    """Nanoseconds since the epoch."""
    path: str
    size: int
    inode: int


def recent_files(
    files: FileTree, pattern: str, home: Home | None, since: int, most: int, folders: set[str] | None = None
) -> list[Recent]:
    """The `most` files that fit and were written last, none before `since` (nanoseconds), the latest first. `folders`
    gets every folder that was listed for them, or would have been if it were there.

    Links below the first `*` are not followed. Raises `UnreadableError` where the folder above it cannot be listed;
    what cannot be listed below is passed over.
    """
    try:
        listed: set[str] = set() if folders is None else folders
        return nlargest(
            most, (found for found in _fitting(files, "", pattern, home, listed) if found.modified >= since)
        )
    except FileNotFoundError:
        return []


def _fitting(files: FileTree, done: str, rest: str, home: Home | None, listed: set[str]) -> Iterator[Recent]:
    """Files for the pattern `rest` below the existing folder `done`."""
    parent = rest.partition("*")[0].rpartition("/")[0]
    component, slash, below = rest[len(parent) + 1 :].partition("/")
    listed.add(done + parent)
    named = _listed(files, done + parent, component, home)
    if not slash:
        for name, status in named:
            if stat.S_ISREG(status.st_mode):
                yield Recent(status.st_mtime_ns, f"{done}{parent}/{name}", status.st_size, status.st_ino)
        return
    folders = [(status.st_mtime_ns, name) for name, status in named if stat.S_ISDIR(status.st_mode)]
    for _, name in nlargest(_MOST_FOLDERS, folders):
        with suppress(FileNotFoundError, UnreadableError):
            yield from _fitting(files, f"{done}{parent}/{name}", slash + below, home, listed)


def _listed(files: FileTree, folder: str, component: str, home: Home | None) -> list[tuple[str, os.stat_result]]:
    """Names in the folder that fit, with what they are; a link is told as a link."""
    fits = expression(component).fullmatch
    with files.folder(folder or "/", home) as target, explained(), os.scandir(target) as found:
        entries = [entry for entry in islice(found, _MOST_ENTRIES) if fits(entry.name)]
        return [(entry.name, status) for entry in entries if (status := _status(files, folder, entry, home))]


def _status(files: FileTree, folder: str, entry: os.DirEntry[str], home: Home | None) -> os.stat_result | None:
    try:
        files.check_mount(f"{folder}/{entry.name}", home)  # of what is mounted there the mount is asked, not the folder
        return entry.stat(follow_symlinks=False)
    except (OSError, UnreadableError):
        return None
