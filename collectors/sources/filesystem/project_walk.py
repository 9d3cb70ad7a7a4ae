"""Project folders in a home: a bounded look for the file names that clients' project configurations have."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from itertools import islice
from typing import Final, Literal, NamedTuple

from collectors.sources.account import Home
from collectors.sources.filesystem.access import READ, SEARCH, granted, judged
from collectors.sources.filesystem.file_tree import FileTree
from collectors.sources.filesystem.unreadable import UnreadableError
from collectors.sources.limits import Limits

_FOLDER: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_PRUNED: Final = frozenset(
    ("node_modules", "bower_components", "site-packages", "__pycache__", "venv", "virtualenv", "Trash", "$RECYCLE.BIN")
)
_PRUNED_IN: Final = {"": _PRUNED | {"Library", "AppData"}, "go": _PRUNED | {"pkg"}}
"""By folder, for those in which more names are left out."""
_LIKE_A_CONFIG: Final = re.compile(r"[^/]*mcp[^/]*\.(?:jsonc?|ya?ml|toml)", re.IGNORECASE)
"""A configuration of MCP servers, whoever reads it."""
_ORDINARY: Final = frozenset(
    (
        *(".git", ".github", ".gitlab", ".hg", ".svn", ".circleci", ".buildkite", ".husky", ".idea", ".fleet"),
        *(".venv", ".tox", ".nox", ".cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints"),
        *(".next", ".nuxt", ".svelte-kit", ".turbo", ".yarn", ".nyc_output", ".parcel-cache", ".angular", ".expo"),
        *(".gradle", ".mvn", ".settings", ".dart_tool", ".build", ".bundle", ".cargo", ".terraform", ".serverless"),
        *(".vs", ".changeset", ".storybook", ".config", ".direnv", ".eggs", ".devcontainer", ".mailmap.d", ".tekton"),
    )
)
"""Hidden folders that repositories have for other reasons than an agent."""
# A virtual environment, and what calls itself a cache (https://bford.info/cachedir/).
_OPAQUE: Final = frozenset(("pyvenv.cfg", "CACHEDIR.TAG"))


class Walk(NamedTuple):
    """Folders that are projects, sorted. `truncated` names the bound that cut the walk short, if any: `entries` or
    `seconds`. Going no deeper than `limits.walk_depth` is what the walk is, not a cut."""

    projects: tuple[str, ...]
    truncated: Literal["entries", "seconds"] | None
    entries: int


def find_projects(tree: FileTree, home: Home, markers: frozenset[str], limits: Limits) -> Walk:
    """Folders below the home, nearest first, that hold one of the names; the home itself is none.

    So are repositories with a file that is named like a configuration of MCP servers, or with a hidden folder that may
    be an agent's: in other folders such a file is an example or a test.

    Hidden folders, dependencies, caches, other file systems and links are not entered. Raises `FileNotFoundError` or
    `UnreadableError` for the home itself; a folder inside that cannot be listed is passed over.
    """
    with tree.folder(home.path, home) as start:
        return _Walker(tree, home, markers, limits, start).walk()


def _is_foreign(entry: os.DirEntry[str]) -> bool:
    """Whether an entry of a repository may belong to an agent that no client of the catalog is."""
    if entry.name[0] == "." and entry.name not in _ORDINARY and entry.is_dir(follow_symlinks=False):
        return True
    return _LIKE_A_CONFIG.fullmatch(entry.name) is not None


class _Walker:
    def __init__(self, tree: FileTree, home: Home, markers: frozenset[str], limits: Limits, start: int | str) -> None:
        self._tree = tree
        self._home = home
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
        try:
            names, inside, foreign = self._listing(folder)
        except (OSError, UnreadableError):
            return False, []
        self._left -= len(names)
        telling = self._telling.intersection(names)
        marked = not telling.isdisjoint(self._markers) or foreign
        if not telling.isdisjoint(_OPAQUE):
            return marked, []
        before, pruned = f"{folder}/" if folder else "", _PRUNED_IN.get(folder, _PRUNED)
        return marked, [before + name for name in inside if name not in pruned]

    def _listing(self, folder: str) -> tuple[list[str], list[str], bool]:
        """All names in a folder, those of its folders that are not hidden, and whether it may be a foreign project."""
        self._tree.check_mount(f"{self._top}/{folder}" if folder else self._top, self._home)
        if isinstance(self._start, str):
            return self._names(os.path.join(self._start, folder))
        opened = os.open(folder or ".", _FOLDER, dir_fd=self._start)
        try:
            return self._names(opened) if self._may_list(os.fstat(opened)) else ([], [], False)
        finally:
            os.close(opened)

    def _names(self, place: int | str) -> tuple[list[str], list[str], bool]:
        # One comprehension each: this is what a walk spends its time on.
        with os.scandir(place) as listing:
            entries = list(islice(listing, self._left))
        names = [entry.name for entry in entries]
        inside = [e.name for e in entries if e.is_dir(follow_symlinks=False) and e.name[0] != "."]
        return names, inside, ".git" in names and any(map(_is_foreign, entries))

    def _may_list(self, status: os.stat_result) -> bool:
        if status.st_dev != self._device:
            return False
        account = self._account
        # Only a folder of someone else can be closed to the owner of the home; a link swapped in above it leads no
        # further than what the owner may list.
        if account is None or status.st_uid == account.uid:
            return True
        return granted(status, account, READ) and granted(status, account, SEARCH)
