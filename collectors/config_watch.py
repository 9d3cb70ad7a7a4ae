"""Which folders to watch for configuration files, and what a change in one of them makes dirty."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import NamedTuple

from collectors.contract import Context, Home, Scope
from collectors.places import expand_folders
from collectors.sources.watch import FolderWatch, Unwatched

NAME = "configs"


class Ground(NamedTuple):
    """The part of the file system that one account's configuration can stand in."""

    home: Home | None
    files: Iterable[str]
    """Paths that are read when they exist."""


class ConfigWatch:
    """Turns events of watched folders into dirty scopes: of the file itself, or of the home where a folder changed."""

    def __init__(self, notify: Callable[[Scope | None], None]) -> None:
        self._notify = notify
        self._files: dict[str, set[Scope]] = {}
        self._folders: dict[str, set[Scope]] = {}
        self._parents: dict[str, set[Scope]] = {}
        self._watch = FolderWatch(self._changed, lambda: notify(None))
        self.mode = self._watch.mode

    def close(self) -> None:
        self._watch.close()

    def follow(self, context: Context, grounds: Iterable[Ground]) -> list[Unwatched]:
        """Watch exactly what these grounds need; returns what could not be watched."""
        files: dict[str, set[Scope]] = {}
        folders: dict[str, set[Scope]] = {}
        parents: dict[str, set[Scope]] = {}
        wanted: set[str] = set()
        for ground in grounds:
            owner = ground.home.owner if ground.home else ""
            for path in ground.files:
                scope = Scope(NAME, owner, path)
                # Dotfile managers link configs: the file that changes then lies in another folder.
                for seen in {path, os.path.realpath(path)}:
                    files.setdefault(seen, set()).add(scope)
                    wanted.add(os.path.dirname(seen))
            for folder in expand_folders(context, ground.home):
                parents.setdefault(folder, set()).add(Scope(NAME, owner, folder))
                wanted.add(folder)
            stop = os.path.dirname(ground.home.path) if ground.home else "/"
            for path in ground.files:
                _ancestors(folders, os.path.dirname(path), stop, Scope(NAME, owner, stop))
        self._files, self._folders, self._parents = files, folders, parents
        return self._watch.set_folders(wanted)

    def _changed(self, path: str) -> None:
        scopes = self._files.get(path) or self._folders.get(path) or self._parents.get(os.path.dirname(path))
        for scope in tuple(scopes or ()):
            self._notify(scope)


def _ancestors(folders: dict[str, set[Scope]], folder: str, stop: str, scope: Scope) -> None:
    while folder not in (stop, "/", "") and scope not in folders.get(folder, ()):
        folders.setdefault(folder, set()).add(scope)
        folder = os.path.dirname(folder)
