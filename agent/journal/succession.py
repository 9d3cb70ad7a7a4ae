"""Opens the journal or, where the file cannot go on being it, sets that aside and begins a new chain that names it."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from agent.journal.errors import JournalError, JournalLostError
from agent.journal.head_file import HeadFile
from agent.journal.journal import Journal
from agent.records.checkpoint import ReplacedChain


class Opened(NamedTuple):
    """A journal, and the one that it takes the place of."""

    journal: Journal
    replaces: ReplacedChain | None = None


def open_or_succeed(path: Path, endpoint_id: str, lost: JournalLostError | None = None) -> Opened:
    """The journal at `path`; a new chain in its place where it is lost, or was `lost` to whoever used it until now.

    Nothing of a lost journal is repaired or removed. Raises `JournalError` for everything else.
    """
    if lost is None:
        try:
            return Opened(Journal.open(path, endpoint_id))
        except JournalLostError as error:
            lost = error
    replaces = _set_aside(path, str(lost).removeprefix(f"{path}: "))
    # The head file stays until the new chain's first entry takes its place: a crash in between loses no name.
    return Opened(Journal.open(path, endpoint_id, anew=True), replaces)


def _set_aside(path: Path, reason: str) -> ReplacedChain:
    known = HeadFile(path.with_suffix(".head")).read() or _head_in(path)
    kept_as = None
    if path.exists():
        kept_as = f"{path.stem}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}{path.suffix}"
        _rename(path, path.with_name(kept_as))
    if known is None:
        return ReplacedChain(reason=reason, kept_as=kept_as)
    chain, seq, digest = known
    return ReplacedChain(chain=chain, head_seq=seq, head_hash=digest.hex(), reason=reason, kept_as=kept_as)


def _rename(path: Path, aside: Path) -> None:
    """With what SQLite keeps beside it: the log may hold the last entries."""
    try:
        for suffix in ("-wal", "-shm", ""):
            beside = path.with_name(path.name + suffix)
            if beside.exists():
                os.replace(beside, aside.with_name(aside.name + suffix))
    except OSError as error:
        raise JournalError(f"{path}: cannot be set aside: {error.strerror}") from error


def _head_in(path: Path) -> tuple[str, int, bytes] | None:
    """What the file itself says of its head, as far as it can be read."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            chain, seq, digest = connection.execute("SELECT chain, head_seq, head_hash FROM meta").fetchone()
        finally:
            connection.close()
        return str(chain), int(seq), bytes(digest)
    except (sqlite3.Error, TypeError, ValueError):
        return None
