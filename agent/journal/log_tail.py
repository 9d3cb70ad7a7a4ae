"""Room that a step without enough of it took from the disk, given back.

What such a step has already written stays behind the last commit in SQLite's write-ahead log, as large as the disk let
it grow. SQLite takes the log back only once all of it is in the database file, for which there may be no room now:
one step that was too large would hold a full disk full.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from io import FileIO
from pathlib import Path

_HEADER = 32
_FRAME_HEADER = 24
"""Before each page: its number, the size of the database where this page ends a commit, the log's two salts, …"""


def give_back(connection: sqlite3.Connection, log: Path) -> None:
    """Cut the log after its last commit, then move it into the database as far as there is room; no transaction may be
    open. Where that is not possible now, nothing is changed."""
    with suppress(OSError, sqlite3.Error):
        connection.execute("BEGIN IMMEDIATE")  # no other process writes meanwhile
        try:
            _cut(log)
        finally:
            connection.execute("ROLLBACK")
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _cut(log: Path) -> None:
    # SQLite locks the other two files, never this one, so that closing it gives up no lock of ours.
    with FileIO(os.open(log, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)), "r+b") as file:
        header = file.read(_HEADER)
        page, salts = int.from_bytes(header[8:12]), header[16:24]
        if len(header) < _HEADER or page < 512:
            return
        frame, size = _FRAME_HEADER + page, file.seek(0, os.SEEK_END)
        end = _HEADER + (size - _HEADER) // frame * frame
        while end > _HEADER and not _ends_commit(file, end - frame, salts):
            end -= frame
        if end < size:
            file.truncate(end)


def _ends_commit(file: FileIO, at: int, salts: bytes) -> bool:
    """Whether a commit ends there; frames of an earlier use of the file bear other salts."""
    file.seek(at)
    header = file.read(_FRAME_HEADER)
    return header[4:8] != bytes(4) and header[8:16] == salts
