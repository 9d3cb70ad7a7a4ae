"""Tells which transcripts were written to, so that nobody has to ask each of them all the time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection

from collectors.sources.watching.folder_watch import FolderWatch

_MOST_FOLDERS = 512
_MOST_PATHS = 5_000
_MOST_A_SECOND = 200
"""Notices of one second; with more they cost more than looking does, and the watch rests."""
_REST = 10.0
_ANYWAY = 60.0
"""Seconds after which everything is looked at though nothing was told: not every file system tells."""
_ANYWAY_MANY = 10.0
"""The same where there are too many folders to watch those that nobody wrote to for long."""
_SHARE = 20
"""A look that is asked for comes at the earliest so many times later as the one before took."""
_LONGEST_PAUSE = 2.0
_UNSEEN_MODES = ("none", "polling")


class TranscriptWatch:
    """Watches the folders of transcripts as far as that is cheaper than looking."""

    def __init__(self, wake: Callable[[float], None]) -> None:
        """`wake` is told, in a thread of its own, in how many seconds it is time to `take`."""
        self._wake = wake
        self._lock = threading.Lock()
        self._paths: set[str] = set()
        self._anything = True
        self._woken = False
        self._flooded = False
        self._heard, self._second = 0, 0.0
        self._folders: frozenset[str] = frozenset()
        self._rests_until = 0.0
        self._quiet_until = 0.0
        self._anyway_at = 0.0
        self._watch = FolderWatch(self._changed, self._lost)
        self._works = self._watch.mode not in _UNSEEN_MODES

    def close(self) -> None:
        self._watch.close()

    def take(self) -> frozenset[str] | None:
        """Where something changed since the last time; None where it may be anywhere."""
        with self._lock:
            paths, self._paths = frozenset(self._paths), set()
            anything, self._anything = self._anything, False
            self._woken = False
        return None if anything or not self._works or time.monotonic() >= self._anyway_at else paths

    def follow(self, folders: Collection[str], seconds: float) -> None:
        """Watch these folders, of very many the first, after a look that took so long."""
        now = time.monotonic()
        self._quiet_until = now + min(_SHARE * seconds, _LONGEST_PAUSE)
        if not self._works:
            return
        if self._flooded:
            self._flooded, self._rests_until, self._folders = False, now + _REST, frozenset()
            self._watch.set_folders(())
        if now < self._rests_until:
            self._lost()
        elif not self._folders >= set(folders) or now >= self._anyway_at:
            self._set(folders, now)

    def look_again(self) -> None:
        """Not everything was read of what there was."""
        with self._lock:
            self._anything = True

    def _set(self, folders: Collection[str], now: float) -> None:
        first = list(folders)[:_MOST_FOLDERS]
        unseen = self._watch.set_folders(first)
        # What cannot be watched is looked at whenever there is time.
        self._anyway_at = now + (0.0 if unseen else _ANYWAY_MANY if len(first) < len(folders) else _ANYWAY)
        if set(folders) != self._folders:
            # What was written there since they were listed is told by nobody.
            self._folders = frozenset(folders)
            self._lost()
            self._wake(0.0)

    # In the thread of the watch.

    def _changed(self, path: str) -> None:
        now = time.monotonic()
        with self._lock:
            if now - self._second > 1:
                self._heard, self._second = 0, now
            self._heard += 1
            if self._heard > _MOST_A_SECOND or len(self._paths) >= _MOST_PATHS:
                self._flooded = self._anything = True
            else:
                self._paths.add(path)
            if self._woken:
                return
            self._woken = True
        self._wake(max(0.0, self._quiet_until - now))

    def _lost(self) -> None:
        with self._lock:
            self._anything = True
