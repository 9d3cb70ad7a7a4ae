"""Which folders to watch for the clients' files, and what a change in one of them makes dirty."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from collectors.contract import Scope
from collectors.locate.interest import NAME
from collectors.locate.path_index import Node, listed
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import FileTree
from collectors.sources.filesystem.mounts import Mounts
from collectors.sources.watching.backend import Unwatched
from collectors.sources.watching.folder_watch import FolderWatch


class WatchRoot(NamedTuple):
    """The part of the file system that one account's files can stand in."""

    owner: str
    home: Home | None
    """Whose eyes to look with; None for what belongs to the machine."""
    folders: Mapping[str, Node]
    """Existing folders, with the names that matter in each."""
    files: Iterable[str]
    """Existing files that are read."""


class _Followed(NamedTuple):
    ground: WatchRoot
    targets: dict[str, str]
    """Where files lie that are links: dotfile managers link configs, and the file that changes then lies elsewhere."""


class ConfigWatch:
    """Turns events of watched folders into dirty scopes; names that no client asks for make nothing dirty."""

    def __init__(self, notify: Callable[[Scope | None], None]) -> None:
        self._notify = notify
        self._folders: dict[str, list[tuple[str, Node]]] = {}
        self._links: dict[str, set[Scope]] = {}
        self._followed: dict[str, _Followed] = {}
        self._network_homes: tuple[str, ...] = ()
        self._mounts = Mounts()
        self._watch = FolderWatch(self._changed, lambda: notify(None), self._check)
        self.mode = self._watch.mode

    def close(self) -> None:
        self._watch.close()

    def follow(self, files: FileTree, grounds: Iterable[WatchRoot]) -> list[Unwatched]:
        """Watch exactly what these grounds need; returns what could not be watched."""
        self._followed = {ground.owner: _followed(files, ground) for ground in grounds}
        return self._set_folders()

    def follow_one(self, files: FileTree, ground: WatchRoot) -> list[Unwatched]:
        """The same where one ground became another and the rest stays."""
        self._followed[ground.owner] = _followed(files, ground)
        return self._set_folders()

    def _set_folders(self) -> list[Unwatched]:
        folders: dict[str, list[tuple[str, Node]]] = {}
        links: dict[str, set[Scope]] = {}
        for owner, followed in self._followed.items():
            for folder, node in followed.ground.folders.items():
                folders.setdefault(folder, []).append((owner, node))
            for path, target in followed.targets.items():
                links.setdefault(target, set()).add(Scope(NAME, owner, path))
        homes = (followed.ground.home for followed in self._followed.values())
        self._folders, self._links = folders, links
        self._network_homes = tuple(home.network for home in homes if home and home.network)
        return self._watch.set_folders({*folders, *map(os.path.dirname, links)})

    def later(self, scopes: Iterable[Scope]) -> None:
        """What is dirty and could not be read in this look."""
        for scope in scopes:
            self._notify(scope)

    def leads_elsewhere(self, files: FileTree, home: Home | None, scope: Scope) -> bool:
        """Whether a path has become a link, is none any more, or leads to another file than when it was followed."""
        followed = self._followed.get(scope.owner)
        return files.real(scope.key, home) != (followed.targets if followed else {}).get(scope.key, scope.key)

    def _check(self, path: str) -> None:
        """What network homes lie on passes: they are among the grounds only where that was asked for."""
        if not any(f"{home}/".startswith(f"{path}/") for home in self._network_homes):
            self._mounts.check(path)

    def _changed(self, path: str) -> None:
        folder, _, name = path.rpartition("/")
        for owner, node in self._folders.get(listed(folder), ()):
            if node.wants(name):
                self._notify(Scope(NAME, owner, path))
        for owner, _ in self._folders.get(path, ()):
            self._notify(Scope(NAME, owner, path))
        for scope in tuple(self._links.get(path, ())):
            self._notify(scope)


def _followed(files: FileTree, ground: WatchRoot) -> _Followed:
    targets = ((path, files.real(path, ground.home)) for path in ground.files)
    return _Followed(ground, {path: target for path, target in targets if target != path})
