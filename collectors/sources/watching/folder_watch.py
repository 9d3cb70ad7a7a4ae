"""Tells which entries of a set of folders changed, whatever the operating system offers for that."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

from collectors.sources.filesystem.mounts import Mounts
from collectors.sources.watching.backend import Backend, Unwatched


class FolderWatch:
    """Watches a set of folders, none of them recursively.

    `notify` gets the path, below the folder as it was wanted, of every entry that was created, written, moved, deleted
    or given other attributes; and the path of a wanted folder itself when it appeared, vanished or may be another one.
    `overflow` means that notices were lost: everything may have changed. Both run in the watching thread, without any
    lock held, and must be quick. They tell that something happened, never what: read again.

    Set the folders first and read them afterwards, so that no change falls between. Changes that another machine makes
    on a network file system, and writes through a memory map before its file is closed, are not seen.

    `check` raises `UnreadableError` for a path without links that is not to be touched, because looking at it might
    never end; the folder above it has passed. By default that is whatever another machine or process answers for.
    """

    def __init__(
        self,
        notify: Callable[[str], None],
        overflow: Callable[[], None],
        check: Callable[[str], None] | None = None,
    ) -> None:
        self._backend = _backend(notify, overflow, check or Mounts().check)

    @property
    def mode(self) -> str:
        """What does the watching: inotify, fsevents, kqueue, read_directory_changes, polling, or none."""
        return self._backend.mode

    def set_folders(self, wanted: Iterable[str]) -> list[Unwatched]:
        """Makes exactly these absolute paths the watched ones, tries again those that failed before, and returns
        those that are not watched now. A folder that does not exist is watched for, and not in the result."""
        return self._backend.set_folders(wanted)

    def close(self) -> None:
        """Stops for good; no notice comes after it returned (unless it is called from within one)."""
        self._backend.close()


class _Nothing:
    """Stands in where the machine has no watch left to give."""

    mode = "none"

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def set_folders(self, wanted: Iterable[str]) -> list[Unwatched]:
        return [Unwatched(path, self._reason) for path in sorted(set(wanted))]

    def close(self) -> None:
        pass


def _backend(notify: Callable[[str], None], overflow: Callable[[], None], check: Callable[[str], None]) -> Backend:
    try:
        if sys.platform == "linux":
            from collectors.sources.watching.inotify import InotifyFolders

            return InotifyFolders(notify, overflow, check)
        from collectors.sources.watching.observer import ObserverFolders

        return ObserverFolders(notify, overflow)
    except OSError as error:
        return _Nothing(error.strerror or type(error).__name__)
