"""What can go wrong with the journal, and SQLite's errors as one of these."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from agent.runtime.error import RollcallError

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_CANTOPEN,
}


class JournalError(RollcallError):
    """The journal could not be read or written; nothing was half-committed."""


class JournalFullError(JournalError):
    """The disk, or the file's allowed size, is full; nothing was half-committed."""


class JournalLostError(JournalError):
    """This file cannot go on being the journal; a new chain that names it can (`agent.journal.succession`)."""


class JournalDamagedError(JournalLostError):
    """The file is no journal any more: overwritten, cut off or edited."""


class JournalReplacedError(JournalLostError):
    """The file is gone, or not the one that was written last: deleted, replaced, or an older copy of it."""


class JournalForeignError(JournalError):
    """A journal of another endpoint or of a newer format; it must not be continued."""


@contextmanager
def typed_errors(place: str) -> Iterator[None]:
    """SQLite's errors as the journal's own; `place` names the file in the message."""
    try:
        yield
    except UnicodeDecodeError as error:
        # Of a schema that is no text any more even SQLite's own message is none.
        raise JournalDamagedError(f"{place}: not a readable SQLite database") from error
    except sqlite3.Error as error:
        code = _code(error)
        if is_full(error):
            raise JournalFullError(f"{place}: disk full; make room, and it goes on where it stopped") from error
        # Text that is no UTF-8 any more is the one operational error without a code.
        if code in _DAMAGE or (code is None and isinstance(error, sqlite3.OperationalError)):
            raise JournalDamagedError(f"{place}: not a readable SQLite database") from error
        # The library's own text may quote what it could not read.
        raise JournalError(f"{place}: {getattr(error, 'sqlite_errorname', type(error).__name__)}") from error


def is_passing(error: Exception) -> bool:
    """Whether trying again later may help: the file itself is not shown to be bad."""
    return isinstance(error, sqlite3.Error) and _code(error) in _PASSING


def is_full(error: BaseException) -> bool:
    """Whether there was no room for it: on the disk or, where that is limited, in the file."""
    return isinstance(error, sqlite3.Error) and _code(error) == sqlite3.SQLITE_FULL


def _code(error: sqlite3.Error) -> int | None:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
