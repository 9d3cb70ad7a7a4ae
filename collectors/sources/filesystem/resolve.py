"""Where a path leads on the observed machine: links followed by hand, never out of the root, no window for a swap."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from types import TracebackType
from typing import Final, NamedTuple

from collectors.sources.account import Home
from collectors.sources.filesystem.access import SEARCH, account_of, demand
from collectors.sources.filesystem.mounts import Mounts
from collectors.sources.filesystem.unreadable import UnreadableError

# O_PATH needs no read permission on a folder and opens nothing; without it (macOS) folders must be readable.
_TOP: Final = getattr(os, "O_PATH", 0) | getattr(os, "O_DIRECTORY", 0)
_FOLDER: Final = _TOP | getattr(os, "O_NOFOLLOW", 0)
# Far above any real path; a hostile chain of links and `..` would otherwise cost seconds.
_MOST_STEPS: Final = 5_000


class ResolvedPath(NamedTuple):
    """The end of a path: a name in an open folder (or, without one, a full path) and what stood there."""

    folder: int | None
    name: str
    status: os.stat_result
    also: tuple[Home, ...] = ()
    """Accounts whose links or words led here: what they could not read themselves is not read at their word."""


def components(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


class PathWalk:
    """Walks one path from the root, one open folder at a time; the `ResolvedPath` is good while the context is open.

    Every folder entered must be searchable for `account` if there is one, and pass `mounts` if there are any. The
    root itself is exempt: for an image it is only where the image happens to be mounted.
    """

    def __init__(
        self,
        root: str,
        mounts: Mounts | None,
        account: Home | None,
        most_links: int,
        network_home: str = "",
        owner: int | None = None,
        word_of: Iterable[int] = (),
    ) -> None:
        """`owner` numbers the account whose home is looked at, also where its rights are left to the kernel; `word_of`
        those that named the path, and must be able to go it too."""
        self._root = root
        self._mounts = mounts
        self._account = account
        self._network_home = network_home
        self._links = most_links
        self._steps = _MOST_STEPS
        self._path = ""
        self._pending: list[str] = []
        self._folder = os.open(root, _TOP)
        self._owner = owner
        self._also: dict[int, Home] = {uid: self._other(uid) for uid in word_of}

    def __enter__(self) -> PathWalk:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._folder)

    @property
    def goal(self) -> str:
        """Where the way leads as far as it was walked: after `arrive`, or where that met nothing, without links."""
        return os.path.normpath("/" + "/".join([*components(self._path), *reversed(self._pending)]))

    def arrive(self, path: str, follow: bool = True) -> ResolvedPath:
        """The end of `path`; with `follow` it is never a link. Raises `OSError` or `UnreadableError`."""
        pending = self._pending = components(path)[::-1]
        while pending:
            name = pending[-1]
            self._allow(name)
            if name == "..":
                # Up from where we are, not from where the folder may have been moved to: down again from the root.
                pending[-1:] = components(self._path)[:-1][::-1]
                self._restart()
            elif len(pending) > 1:
                self._enter(name)
            else:
                status = os.stat(name, dir_fd=self._folder, follow_symlinks=False)
                if not (follow and stat.S_ISLNK(status.st_mode)):
                    return ResolvedPath(self._folder, name, status, tuple(self._also.values()))
                self._follow(name)
        return ResolvedPath(self._folder, ".", os.fstat(self._folder), tuple(self._also.values()))

    def _allow(self, name: str) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise UnreadableError("file.link_loop", "the path takes too many steps")
        if self._account is not None and self._path:
            demand(os.fstat(self._folder), self._account, SEARCH)
        for other in self._also.values():
            demand(os.fstat(self._folder), other, SEARCH)
        if self._mounts is not None and name != "..":
            self._mounts.check(f"{self._path}/{name}", self._network_home)

    def _enter(self, name: str) -> None:
        try:
            folder = os.open(name, _FOLDER, dir_fd=self._folder)
        except OSError as error:
            if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                raise
            self._follow(name)
            return
        os.close(self._folder)
        self._folder = folder
        self._path = f"{self._path}/{name}"
        self._pending.pop()

    def _follow(self, name: str) -> None:
        self._links -= 1
        if self._links < 0:
            raise UnreadableError("file.link_loop", "its links lead in a circle or through too many steps")
        try:
            target = os.readlink(name, dir_fd=self._folder)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            status = os.stat(name, dir_fd=self._folder, follow_symlinks=False)
            if len(self._pending) > 1 and not (stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode)):
                raise NotADirectoryError(errno.ENOTDIR, "not a folder") from error
            raise UnreadableError("file.changed", "it was replaced while being opened") from error
        self._led_by(os.stat(name, dir_fd=self._folder, follow_symlinks=False), os.fstat(self._folder))
        if target.startswith("/"):
            self._restart()
        self._pending[-1:] = components(target)[::-1]

    def _led_by(self, *found: os.stat_result) -> None:
        """From here on whoever made the link, or could put another in its place, must be able to go the way too."""
        for uid in {status.st_uid for status in found} - {0, self._owner}:
            self._also[uid] = self._other(uid)

    def _other(self, uid: int) -> Home:
        return account_of(uid) if self._root == "/" else Home("", "/nonexistent", uid)

    def _restart(self) -> None:
        top = os.open(self._root, _TOP)
        os.close(self._folder)
        self._folder = top
        self._path = ""


def by_name(root: str, path: str) -> ResolvedPath:
    """The same for systems that cannot open relative to a folder (Windows). Weaker: links are followed by the system,
    so a link may be swapped between this look and the opening (the caller compares what it opened with `status`),
    mode bits are not judged, and in an image an absolute link leads nowhere instead of into the image."""
    live = root == "/"
    real = os.path.realpath(path if live else os.path.join(root, *components(path)), strict=True)
    top = os.path.realpath(root)
    if not live and os.path.commonpath([top, real]) != top:
        raise FileNotFoundError(errno.ENOENT, "leads out of the root")
    return ResolvedPath(None, real, os.lstat(real))
