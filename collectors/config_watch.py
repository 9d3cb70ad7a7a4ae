"""Which folders to watch for the clients' files, and what a change in one of them makes dirty."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from collectors.contract import Scope
from collectors.origin import NAME
from collectors.places import Node, listed
from collectors.sources.watch import FolderWatch, Unwatched


class Ground(NamedTuple):
    """The part of the file system that one account's files can stand in."""

    owner: str
    folders: Mapping[str, Node]
    """Existing folders, with the names that matter in each."""
    files: Iterable[str]
    """Existing files that are read."""


class ConfigWatch:
    """Turns events of watched folders into dirty scopes; names that no client asks for make nothing dirty."""

    def __init__(self, notify: Callable[[Scope | None], None]) -> None:
        self._notify = notify
        self._folders: dict[str, list[tuple[str, Node]]] = {}
        self._links: dict[str, set[Scope]] = {}
        self._targets: dict[str, str] = {}
        self._watch = FolderWatch(self._changed, lambda: notify(None))
        self.mode = self._watch.mode

    def close(self) -> None:
        self._watch.close()

    def follow(self, grounds: Iterable[Ground]) -> list[Unwatched]:
        """Watch exactly what these grounds need; returns what could not be watched."""
        folders: dict[str, list[tuple[str, Node]]] = {}
        links: dict[str, set[Scope]] = {}
        targets: dict[str, str] = {}
        for ground in grounds:
            for folder, node in ground.folders.items():
                folders.setdefault(folder, []).append((ground.owner, node))
            for path in ground.files:
                # Dotfile managers link configs: the file that changes then lies in another folder.
                target = os.path.realpath(path)
                if target != path:
                    links.setdefault(target, set()).add(Scope(NAME, ground.owner, path))
                    targets[path] = target
        self._folders, self._links, self._targets = folders, links, targets
        return self._watch.set_folders({*folders, *map(os.path.dirname, links)})

    def leads_elsewhere(self, path: str) -> bool:
        """Whether a path has become a link, is none any more, or leads to another file than when it was followed."""
        return os.path.realpath(path) != self._targets.get(path, path)

    def _changed(self, path: str) -> None:
        folder, _, name = path.rpartition("/")
        for owner, node in self._folders.get(listed(folder), ()):
            if node.wants(name):
                self._notify(Scope(NAME, owner, path))
        for owner, _ in self._folders.get(path, ()):
            self._notify(Scope(NAME, owner, path))
        for scope in tuple(self._links.get(path, ())):
            self._notify(scope)
