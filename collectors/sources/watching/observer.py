"""macOS and Windows: the folders on watchdog's observer for the system, with as few recursive watches as possible.

Every recursive watch costs one thread (two on Windows), so one is set per top folder, a home for instance, and what
lies outside the wanted folders is filtered out. These systems' observers do not tell when they lost events.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import PurePath

from watchdog.events import (
    DirModifiedEvent,
    FileClosedNoWriteEvent,
    FileOpenedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver, ObservedWatch

from collectors.sources.watching.backend import Unwatched

# A changed folder is told by the entry that changed in it.
_UNTOLD = (DirModifiedEvent, FileOpenedEvent, FileClosedNoWriteEvent)
_TOP_DEPTH = 2
"""Names below the root that make a top folder: /Users/me, /Library/Application Support, C:\\Users\\me."""
_QUEUED = 20_000
"""Events waiting, above which they are dropped and an overflow is told."""


class ObserverFolders(FileSystemEventHandler):
    """See `FolderWatch`. `observer` is a fresh one; by default the best for this system."""

    def __init__(
        self, notify: Callable[[str], None], overflow: Callable[[], None], observer: BaseObserver | None = None
    ) -> None:
        self._notify = notify
        self._overflow = overflow
        self._observer = observer or _system_observer()
        self.mode = type(self._observer).__module__.rpartition(".")[2]
        self._lock = threading.Lock()
        self._wanted: list[str] = []
        self._inside: dict[str, set[str]] = {}
        """Key of a folder -> the wanted folders it is."""
        self._above: dict[str, set[str]] = {}
        """Key of a folder or of one above it, links followed or not -> the wanted folders that move with it."""
        self._tops: dict[str, ObservedWatch] = {}
        self._observer.start()

    def set_folders(self, wanted: Iterable[str]) -> list[Unwatched]:
        folders = sorted(set(wanted))
        self._place(folders)
        failed = self._schedule(_tops(folders))
        return [Unwatched(folder, reason) for folder in folders if (reason := _obstacle(folder, failed))]

    def close(self) -> None:
        self._observer.stop()
        if threading.current_thread() is not self._observer:
            self._observer.join()

    def on_any_event(self, event: FileSystemEvent) -> None:
        if self._observer.event_queue.qsize() > _QUEUED:
            self._drop_all()
        elif not isinstance(event, _UNTOLD):
            for path in (event.src_path, event.dest_path):
                if path:
                    self._tell(os.fsdecode(path))

    def _place(self, folders: list[str]) -> None:
        """Notes where the folders really are now."""
        inside: dict[str, set[str]] = {}
        above: dict[str, set[str]] = {}
        for folder in folders:
            real = os.path.realpath(folder)
            inside.setdefault(_key(real), set()).add(folder)
            for path in (folder, real):
                for step in (path, *map(str, PurePath(path).parents)):
                    above.setdefault(_key(step), set()).add(folder)
        with self._lock:
            self._wanted, self._inside, self._above = folders, inside, above

    def _tell(self, path: str) -> None:
        folder, name = os.path.split(path)
        with self._lock:
            entries = [os.path.join(wanted, name) for wanted in self._inside.get(_key(folder), ())]
            moved = sorted(self._above.get(_key(path), ()))
        if moved:
            self._place(self._wanted)
        for told in moved + entries:
            self._notify(told)

    def _drop_all(self) -> None:
        waiting = self._observer.event_queue
        try:
            while True:
                waiting.get_nowait()
        except queue.Empty:
            self._overflow()

    def _schedule(self, tops: set[str]) -> dict[str, str]:
        """Reconciles the recursive watches; returns the top folders that cannot be watched and why."""
        alive = {emitter.watch for emitter in self._observer.emitters if emitter.is_alive()}
        for top, watch in list(self._tops.items()):
            # An emitter ends with its folder; only a new one finds the folder that came in its place.
            if top not in tops or watch not in alive:
                self._observer.unschedule(self._tops.pop(top))
        failed: dict[str, str] = {}
        for top in tops - self._tops.keys():
            try:
                self._tops[top] = self._observer.schedule(self, top, recursive=True)
            except OSError as error:
                failed[top] = error.strerror or type(error).__name__
        return failed


def _system_observer() -> BaseObserver:
    from watchdog.observers import Observer

    return Observer()


def _key(path: str) -> str:
    """Paths that most file systems of these systems take for the same."""
    return path.casefold() if sys.platform in ("darwin", "win32") else path


def _tops(folders: Iterable[str]) -> set[str]:
    """The few existing folders that contain all wanted ones and what their links lead to."""
    tops = set()
    for path in {path for folder in folders for path in (folder, os.path.realpath(folder))}:
        pure = PurePath(path)
        top = PurePath(*pure.parts[: _TOP_DEPTH + 1])
        while not os.path.isdir(top) and top != top.parent:
            top = top.parent
        tops.add(os.path.realpath(top))
    return {top for top in tops if not any(str(parent) in tops for parent in PurePath(top).parents)}


def _obstacle(folder: str, failed: dict[str, str]) -> str | None:
    real = os.path.realpath(folder)
    for top, reason in failed.items():
        if os.path.commonpath((top, real)) == top:
            return reason
    if os.path.isdir(real) and not os.access(real, os.R_OK | os.X_OK):
        return "permission denied"
    return None
