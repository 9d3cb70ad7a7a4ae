"""Existing paths that fit a pattern, listing only the folders in which a `*` stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from collectors.contract import Home
from collectors.sources.filesystem.unreadable import Unreadable

if TYPE_CHECKING:
    from collectors.sources.filesystem.file_tree import FileTree


def matches(tree: FileTree, pattern: str, home: Home | None, done: str = "") -> Iterator[str]:
    """Paths for `pattern` below the existing path `done`; see `FileTree.glob` for what stands for an unreadable one."""
    if "*" not in pattern:
        if not pattern or not tree.is_absent(done + pattern, home):
            yield done + pattern
        return
    above, _, _ = pattern.partition("*")[0].rpartition("/")
    component, slash, below = pattern[len(above) + 1 :].partition("/")
    try:
        names = [entry.name for entry in tree.entries(done + above or "/", home)]
    except FileNotFoundError:
        return
    except Unreadable:
        yield done + pattern
        return
    for name in filter(expression(component).fullmatch, names):
        yield from matches(tree, slash + below, home, f"{done}{above}/{name}")


@lru_cache(maxsize=256)
def expression(component: str) -> re.Pattern[str]:
    """What names of a folder fit one component of a pattern."""
    return re.compile("[^/]*".join(map(re.escape, component.split("*"))), re.DOTALL)
