"""SQLite databases that other programs own, opened for reading by a descriptor: nothing is written beside the file."""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from collectors.sources.formats.unparseable import Unparseable

_MOST_STEPS: Final = 5_000_000
"""Instructions of SQLite's virtual machine; a second or so."""
_STEPS_BETWEEN: Final = 10_000
_MOST_VALUE: Final = 1_000_000
_DESCRIPTORS: Final = "/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"


@contextmanager
def database(fd: int, most_value: int = _MOST_VALUE) -> Iterator[sqlite3.Connection]:
    """The database open as `fd`, for queries that select columns by name; rows of more than `most_value` bytes fail.

    What its owner has not yet moved out of the write-ahead log is not seen. Raises `Unparseable` for whatever goes
    wrong, in the context too, and where a descriptor has no path (Windows).
    """
    try:
        connection = sqlite3.connect(f"file:{_DESCRIPTORS}/{fd}?mode=ro&immutable=1", uri=True)
    except sqlite3.Error:
        raise Unparseable("parse.sqlite", "it cannot be opened as a database") from None
    try:
        _restrain(connection, most_value)
        if not _is_same_file(fd):
            raise Unparseable("parse.sqlite", "it was replaced while being opened")
        yield connection
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
            raise Unparseable("parse.too_large", "it takes too many steps to read") from None
        raise Unparseable("parse.sqlite", "not a readable SQLite database") from None
    finally:
        connection.close()


def has_columns(connection: sqlite3.Connection, table: str, *columns: str) -> bool:
    """Whether there is a real table with these columns. A view or a virtual table would run what the file's writer put
    in: both have no root page."""
    real = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? AND rootpage > 0"
    column = "SELECT 1 FROM pragma_table_info(?) WHERE name = ?"
    return connection.execute(real, (table,)).fetchone() is not None and all(
        connection.execute(column, (table, name)).fetchone() for name in columns
    )


def quoted(name: str) -> str:
    """A name as SQL wants it."""
    return '"' + name.replace('"', '""') + '"'


def _restrain(connection: sqlite3.Connection, most_value: int) -> None:
    steps = itertools.count(_STEPS_BETWEEN, _STEPS_BETWEEN)
    connection.set_progress_handler(lambda: next(steps) > _MOST_STEPS, _STEPS_BETWEEN)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, most_value)
    connection.text_factory = lambda value: value.decode("utf-8", "replace")
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0", "query_only=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _is_same_file(fd: int) -> bool:
    """SQLite resolves the descriptor to a name and opens that, so a rename could hand it another file: it holds the
    right one exactly if a second descriptor of this process leads to the file that was verified."""
    verified = os.fstat(fd)
    for name in os.listdir(_DESCRIPTORS):
        if int(name) != fd:
            try:
                status = os.fstat(int(name))
            except OSError:
                continue
            if os.path.samestat(status, verified):
                return True
    return False
