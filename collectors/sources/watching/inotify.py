"""Linux: any number of folders on one inotify descriptor and one thread."""

from __future__ import annotations

import errno
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterable

from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchDescriptor,
)

from collectors.sources.watching.backend import Unwatched
from collectors.sources.watching.inotify_paths import Watch, WatchPaths

_IN = InotifyConstants
_NAMES = _IN.IN_CREATE | _IN.IN_DELETE | _IN.IN_MOVED_FROM | _IN.IN_MOVED_TO | _IN.IN_ATTRIB
_SELF = _IN.IN_DELETE_SELF | _IN.IN_MOVE_SELF
# DELETE_SELF alone does not do: it is withheld as long as a process has its working directory there.
_WAY = Mask(_NAMES | _SELF | _IN.IN_ONLYDIR | _IN.IN_DONT_FOLLOW | _IN.IN_MASK_ADD)
# IN_MODIFY shows a file that stays open, at the price of an event per write; the pace below bounds that price.
_END = Mask(_WAY | _IN.IN_MODIFY | _IN.IN_CLOSE_WRITE)

_REST = 0.02
"""Seconds the reader sleeps after a batch. Meanwhile the kernel merges repeated writes and an event storm becomes few
batches; the first event after silence is not delayed."""
_DUTY = 9
"""The reader rests this many times as long as it computed, up to the longest rest. So a steady stream of events costs
at most a tenth of a core; only a storm that would overflow the kernel's queue of 16,384 events costs more."""
_LONGEST_REST = 0.25
_BATCH_BYTES = 512 * 1024
"""About one full queue."""


class _Reader(InotifyFD):
    """Hands over events in batches, at a bounded pace."""

    def __init__(self, folders: InotifyFolders) -> None:
        super().__init__()
        self._folders = folders

    def run(self) -> None:
        while self.should_keep_running():
            events = self.read_events(event_buffer_size=_BATCH_BYTES)
            began = time.thread_time()
            for event in events:
                if event.is_queue_overflow:
                    self._folders.on_queue_overflow()
                else:
                    self.handle_event(event)
            self._folders.settle()
            rest = _DUTY * (time.thread_time() - began)
            self.stopped_event.wait(min(max(rest, _REST), _LONGEST_REST))


class InotifyFolders:
    """See `FolderWatch`. Raises OSError when the user has no inotify instance left."""

    mode = "inotify"

    def __init__(
        self, notify: Callable[[str], None], overflow: Callable[[], None], check: Callable[[str], None]
    ) -> None:
        self._notify = notify
        self._overflow = overflow
        self._lock = threading.Lock()
        self._reader = _Reader(self)
        self._ways = WatchPaths(self._add, self._remove, check)
        self._ids = itertools.count()
        self._last: InotifyEvent | None = None
        self._dirty: dict[str, None] = {}
        self._stale: set[str] = set()
        self._overflowed = False
        self._reader.start()

    def set_folders(self, wanted: Iterable[str]) -> list[Unwatched]:
        folders = set(wanted)
        with self._lock:
            known = self._ways.wanted
            self._ways.release(known - folders)
            self._ways.walk((folders - known) | self._ways.unwatched.keys())
            return [Unwatched(*item) for item in sorted(self._ways.unwatched.items())]

    def close(self) -> None:
        self._reader.stop()
        if threading.current_thread() is not self._reader:
            self._reader.join()

    # Called by the reader.

    def on_event(self, event: InotifyEvent) -> None:
        with self._lock:
            if event is self._last:  # a folder watched in two roles
                return
            self._last = event
            name = os.fsdecode(event.name)
            for node in self._ways.nodes(event.wd):
                if name:
                    self._stale |= node.through.get(name, set())
                    self._dirty.update((os.path.join(folder, name), None) for folder in node.ends)
                elif event.mask & _SELF:
                    self._stale |= node.users()
                else:
                    self._dirty.update((folder, None) for folder in node.ends)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        with self._lock:
            for node in self._ways.nodes(wd):
                self._stale |= node.users()

    def on_queue_overflow(self) -> None:
        self._overflowed = True

    def settle(self) -> None:
        """After a batch: renews the ways that changed, then tells."""
        with self._lock:
            wanted = self._ways.wanted
            overflowed, self._overflowed = self._overflowed, False
            stale = wanted if overflowed else self._stale & wanted
            dirty, self._dirty, self._stale = self._dirty, {}, set()
            if stale and self._reader.should_keep_running():
                self._ways.walk(stale)
        if overflowed:
            self._overflow()
            return
        for path in itertools.chain(sorted(stale), dirty):
            if self._reader.should_keep_running():
                self._notify(path)

    # Called by the ways.

    def _add(self, path: str, full: bool) -> Watch:
        watch = CallbackId(next(self._ids))
        wd = self._reader.add_callback(os.fsencode(path), _END if full else _WAY, self, watch)
        if wd == -1:  # InotifyFD keeps EACCES to itself
            self._reader.remove_callbacks([(wd, watch)])
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return Watch(wd, watch)

    def _remove(self, watches: list[Watch]) -> None:
        self._reader.remove_callbacks([(WatchDescriptor(watch.wd), CallbackId(watch.id)) for watch in watches])
