"""Linux: which folders have to be watched so that nothing on the way to a wanted folder changes unseen.

A watch belongs to an inode, not to a path. So each wanted path is walked as the kernel would walk it, and every folder
on the way is watched before the next name is looked up in it: whatever is renamed, deleted, replaced or created along
the way, one of these watches tells, and the walk is done again.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from collectors.sources.filesystem.unreadable import UnreadableError

_LINKS = 40
"""Symbolic links on one way, as many as the kernel follows."""


class Watch(NamedTuple):
    """One registration with the kernel."""

    wd: int
    """The watch descriptor: the same for two paths that lead to the same inode."""
    id: int


@dataclass(slots=True)
class Node:
    """A folder, by its path without links, on the way to wanted ones."""

    path: str
    full: bool = False
    watches: list[Watch] = field(default_factory=list)
    through: dict[str, set[str]] = field(default_factory=dict)
    """Entry name -> wanted folders whose way leads through it."""
    ends: set[str] = field(default_factory=set)
    """Wanted folders that are this folder."""

    def users(self) -> set[str]:
        return self.ends.union(*self.through.values())


class WatchPaths:
    """The ways to all wanted folders. `add` registers a folder (with or without its entries' contents) and raises
    OSError where that fails; `remove` undoes registrations; `check` raises `UnreadableError` for what is not to be
    touched, because looking at it might never end."""

    def __init__(
        self,
        add: Callable[[str, bool], Watch],
        remove: Callable[[list[Watch]], None],
        check: Callable[[str], None],
    ) -> None:
        self._add = add
        self._remove = remove
        self._check = check
        self._nodes: dict[str, Node] = {}
        self._by_wd: dict[int, dict[str, Node]] = {}
        self._ways: dict[str, list[tuple[Node, str]]] = {}
        # Each node of a way comes with the entry name that leads on, "" at the end.
        self.unwatched: dict[str, str] = {}
        """Wanted folder -> why its changes are not seen."""

    @property
    def wanted(self) -> set[str]:
        return set(self._ways)

    def nodes(self, wd: int) -> Iterable[Node]:
        return self._by_wd.get(wd, {}).values()

    def walk(self, folders: Iterable[str]) -> None:
        """Finds the ways anew, for folders wanted already and new ones."""
        # All are released first: a node they share may stand for an inode that is no longer at that path.
        folders = tuple(folders)
        self.release(folders)
        for wanted in folders:
            self._ways[wanted] = []
            if reason := self._walk(wanted):
                self.unwatched[wanted] = reason

    def release(self, folders: Iterable[str]) -> None:
        for wanted in folders:
            self.unwatched.pop(wanted, None)
            for node, name in self._ways.pop(wanted, ()):
                users = node.through.get(name, set()) if name else node.ends
                users.discard(wanted)
                if name and not users:
                    node.through.pop(name, None)
                if not node.ends and not node.through and self._nodes.get(node.path) is node:
                    self._forget(node)

    def _forget(self, node: Node) -> None:
        del self._nodes[node.path]
        for watch in node.watches:
            paths = self._by_wd.get(watch.wd, {})
            paths.pop(node.path, None)
            if not paths:
                self._by_wd.pop(watch.wd, None)
        self._remove(node.watches)

    def _walk(self, wanted: str) -> str | None:
        """Watches the whole way; returns why the wanted folder stays unwatched."""
        current, rest, links, awaited = "/", _parts(wanted), 0, True
        try:
            while rest:
                name = rest.pop()
                if name == "..":
                    current = os.path.dirname(current)
                    continue
                awaited = self._pass(current, name, wanted)
                child = os.path.join(current, name)
                self._check(child)
                mode = os.lstat(child).st_mode
                if stat.S_ISLNK(mode):
                    links += 1
                    target = os.readlink(child)
                    rest += _parts(target)
                    current = "/" if target.startswith("/") else current
                elif stat.S_ISDIR(mode):
                    current = child
                else:
                    return None if awaited else os.strerror(errno.EACCES)
                if links > _LINKS:
                    return os.strerror(errno.ELOOP)
            self._arrive(current, wanted)
        except (FileNotFoundError, NotADirectoryError):  # also when it vanished just now: the folder above will tell
            return None if awaited else os.strerror(errno.EACCES)
        except OSError as error:
            return error.strerror
        except UnreadableError as error:
            return error.message
        return None

    def _pass(self, path: str, name: str, wanted: str) -> bool:
        """Watches for `name` in a folder on the way; False where the folder may be passed but not read."""
        try:
            node = self._node(path, full=False)
        except PermissionError:
            return False
        node.through.setdefault(name, set()).add(wanted)
        self._ways[wanted].append((node, name))
        return True

    def _arrive(self, path: str, wanted: str) -> None:
        node = self._node(path, full=True)
        node.ends.add(wanted)
        self._ways[wanted].append((node, ""))

    def _node(self, path: str, *, full: bool) -> Node:
        node = self._nodes.get(path)
        if node and (node.full or not full):
            return node
        watch = self._add(path, full)
        node = self._nodes.setdefault(path, Node(path))
        node.full |= full
        node.watches.append(watch)
        self._by_wd.setdefault(watch.wd, {})[path] = node
        return node


def _parts(path: str) -> list[str]:
    """Path components, the first one last."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]
