"""What the owner of an SQLite database has not moved into it yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import FileTree


@contextmanager
def write_ahead_log(files: FileTree, path: str, home: Home | None) -> Iterator[int | None]:
    """The log of the database at a path, open; None where there is none. Raises `UnreadableError`: without the log an
    older state would pass for today's."""
    with ExitStack() as stack:
        log = None
        with suppress(FileNotFoundError):
            log = stack.enter_context(files.opened(f"{path}-wal", home))
        yield log
