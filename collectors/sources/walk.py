"""Project folders in a home: a bounded look for the file names that clients' project configurations have."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

from collectors.contract import Home, Limits
from collectors.sources.access import READ, SEARCH, granted, judged
from collectors.sources.files import FileTree
from collectors.sources.unreadable import Unreadable

_FOLDER: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_PRUNED: Final = frozenset(
    ("node_modules", "bower_components", "site-packages", "__pycache__", "venv", "virtualenv", "Trash", "$RECYCLE.BIN")
)
_PRUNED_PATHS: Final = frozenset(("go/pkg", "Library", "AppData"))
# A virtual environment, and what calls itself a cache (https://bford.info/cachedir/).
_OPAQUE: Final = frozenset(("pyvenv.cfg", "CACHEDIR.TAG"))


@dataclass(frozen=True, slots=True)
class Walk:
    """Folders that hold a marker, sorted. `truncated` names the bound that cut the walk short, if any: `entries` or
    `seconds`. Going no deeper than `limits.walk_depth` is what the walk is, not a cut."""

    projects: tuple[str, ...]
    truncated: Literal["entries", "seconds"] | None
    entries: int


def find_projects(tree: FileTree, home: Home, markers: frozenset[str], limits: Limits) -> Walk:
    """Folders below the home, nearest first, that hold one of the names; the home itself is none.

    Hidden folders, dependencies, caches, other file systems and links are not entered. Raises `FileNotFoundError` or
    `Unreadable` for the home itself; a folder inside that cannot be listed is passed over.
    """
    with tree.folder(home.path, home) as start:
        return _Walker(tree, home, markers, limits, start).walk()


class _Walker:
    def __init__(self, tree: FileTree, home: Home, markers: frozenset[str], limits: Limits, start: int | str) -> None:
        self._tree = tree
        self._account = judged(home, live=tree.root == "/")
        self._top = home.path.rstrip("/")
        self._markers = markers
        self._telling = markers | _OPAQUE
        self._limits = limits
        self._start = start
        self._device = os.stat(start).st_dev
        self._left = limits.walk_entries

    def walk(self) -> Walk:
        deadline = time.monotonic() + self._limits.walk_seconds
        projects: list[str] = []
        pending = deque([("", 0)])
        truncated: Literal["entries", "seconds"] | None = None
        while pending and truncated is None:
            folder, depth = pending.popleft()
            marked, inside = self._look(folder)
            if marked and folder:
                projects.append(f"{self._top}/{folder}")
            if depth < self._limits.walk_depth:
                pending.extend((path, depth + 1) for path in inside)
            if self._left <= 0:
                truncated = "entries"
            elif pending and time.monotonic() > deadline:
                truncated = "seconds"
        return Walk(tuple(sorted(projects)), truncated, self._limits.walk_entries - self._left)

    def _look(self, folder: str) -> tuple[bool, list[str]]:
        """Whether the folder holds a marker, and the folders in it that are worth a look."""
        telling: set[str] = set()
        inside: list[str] = []
        number = 0
        try:
            with self._listing(folder) as entries:
                for number, entry in enumerate(islice(entries, self._left), 1):  # noqa: B007
                    name = entry.name
                    if name in self._telling:
                        telling.add(name)
                    if name[0] != "." and entry.is_dir(follow_symlinks=False):
                        inside.append(name)
        except (OSError, Unreadable):
            return False, []
        finally:
            self._left -= number
        marked = not telling.isdisjoint(self._markers)
        if not telling.isdisjoint(_OPAQUE):
            return marked, []
        paths = (f"{folder}/{name}" if folder else name for name in inside if name not in _PRUNED)
        return marked, [path for path in paths if path not in _PRUNED_PATHS]

    @contextmanager
    def _listing(self, folder: str) -> Iterator[Iterator[os.DirEntry[str]]]:
        self._tree.check_mount(f"{self._top}/{folder}" if folder else self._top)
        if isinstance(self._start, str):
            with os.scandir(os.path.join(self._start, folder)) as entries:
                yield entries
            return
        opened = os.open(folder or ".", _FOLDER, dir_fd=self._start)
        try:
            if self._may_list(os.fstat(opened)):
                with os.scandir(opened) as entries:
                    yield entries
            else:
                yield iter(())
        finally:
            os.close(opened)

    def _may_list(self, status: os.stat_result) -> bool:
        if status.st_dev != self._device:
            return False
        account = self._account
        # Only a folder of someone else can be closed to the owner of the home; a link swapped in above it leads no
        # further than what the owner may list.
        if account is None or status.st_uid == account.uid:
            return True
        return granted(status, account, READ) and granted(status, account, SEARCH)
