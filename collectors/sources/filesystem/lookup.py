"""Paths of the observed machine turned into verified, open descriptors."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from collectors.sources.account import Home
from collectors.sources.filesystem.access import READ, demand, judged
from collectors.sources.filesystem.mounts import Mounts
from collectors.sources.filesystem.resolve import PathWalk, ResolvedPath, by_name
from collectors.sources.filesystem.unreadable import UnreadableError, explained

_DESCENDS: Final = os.open in os.supports_dir_fd
_COMMON: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_FILE: Final = _COMMON | getattr(os, "O_BINARY", 0)
_FOLDER: Final = _COMMON | getattr(os, "O_DIRECTORY", 0)
# Reading such a file makes a cloud service fetch it: SF_DATALESS (macOS), RECALL_ON_DATA_ACCESS (Windows).
_ELSEWHERE: Final = (("st_flags", 0x40000000), ("st_file_attributes", 0x00400000))
_DRIVE: Final = re.compile(r"[A-Za-z]:")


class Lookup:
    """Finds and opens what stands at a path; `FileTree` says what that is for."""

    def __init__(self, root: str, os_name: str, most_links: int) -> None:
        self._root = root
        self._windows = os_name == "windows"
        self._most_links = most_links
        self._live = root == "/"
        self._mounts = Mounts() if self._live else None

    def is_absent(self, path: str) -> bool:
        """Whether one cheap look shows that nothing is there, as for most candidate paths. False proves nothing."""
        if self._mounts is None or self._mounts.waits or not path.startswith("/") or path.startswith("//"):
            return False
        try:
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return True
        except (OSError, ValueError):
            pass  # the careful walk finds out what it is
        return False

    def goal(self, path: str, home: Home | None) -> str:
        """Where the path leads, without links; what does not exist stands as it is named. Raises as `place` does."""
        inside = self._inside(path)
        with explained():
            if not _DESCENDS:
                return os.path.realpath(inside).replace("\\", "/") if self._live else path
            with self._descent(home) as descent:
                with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                    descent.arrive(inside)
                return descent.goal

    @contextmanager
    def place(self, path: str, home: Home | None, follow: bool = True) -> Iterator[ResolvedPath]:
        """Where the path ends. Errors of the system inside the context are explained too."""
        inside = self._inside(path)
        with explained():
            if not _DESCENDS:
                yield by_name(self._root, inside)
                return
            with self._descent(home) as descent:
                yield descent.arrive(inside, follow)

    def _descent(self, home: Home | None) -> PathWalk:
        account, network = judged(home, self._live), home.network if home else ""
        owner, word_of = (home.uid, home.word_of) if home else (None, frozenset())
        return PathWalk(self._root, self._mounts, account, self._most_links, network, owner, word_of)

    def open_file(self, place: ResolvedPath, home: Home | None) -> int:
        """A descriptor of the regular file at a place; whatever else stands there is never opened."""
        if not stat.S_ISREG(place.status.st_mode):
            raise UnreadableError("file.not_regular", "it is no regular file")
        if any(getattr(place.status, name, 0) & flag for name, flag in _ELSEWHERE):
            raise UnreadableError("file.remote", "its content is not on this machine")
        return self._open(place, _FILE, home)

    def open_folder(self, place: ResolvedPath, home: Home | None) -> int | str:
        """What to list a folder by: a descriptor, or a path where folders cannot be opened."""
        if not stat.S_ISDIR(place.status.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, "not a folder")
        return place.name if place.folder is None else self._open(place, _FOLDER, home)

    def check_mount(self, path: str, home: Home | None) -> None:
        """Raises `UnreadableError` for a path without links that another machine or process would have to answer
        for."""
        if self._mounts is not None:
            self._mounts.check(path, home.network if home else "")

    def _open(self, place: ResolvedPath, flags: int, home: Home | None) -> int:
        opened = os.open(place.name, flags, dir_fd=place.folder)
        try:
            # Between the look and the opening it may have been replaced: only what is open now counts.
            status = os.fstat(opened)
            if stat.S_IFMT(status.st_mode) != stat.S_IFMT(place.status.st_mode):
                raise UnreadableError("file.changed", "it was replaced while being opened")
            if place.folder is None and not os.path.samestat(status, place.status):
                raise UnreadableError("file.changed", "it was replaced while being opened")
            demand(status, judged(home, self._live), READ)
            for other in place.also:
                demand(status, other, READ)
        except BaseException:
            os.close(opened)
            raise
        return opened

    def _inside(self, path: str) -> str:
        if self._windows:
            path = path.replace("\\", "/")
            if path.startswith("//"):
                raise UnreadableError("file.remote", "it lies on another machine")
            if not (self._live and os.name == "nt"):
                path = _DRIVE.sub("", path, count=1) if _DRIVE.match(path) else path
            elif _DRIVE.match(path):
                return path
        if not path.startswith("/"):
            raise FileNotFoundError("a relative path leads nowhere")
        return path
