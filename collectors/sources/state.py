"""Lists of folders that clients keep in XML (JetBrains) and SQLite (Codex, opencode, Zed)."""

from __future__ import annotations

import itertools
import os
import sqlite3
from typing import Final
from xml.parsers import expat

from collectors.sources.unparseable import Unparseable

__all__ = ["Unparseable", "sqlite_column", "xml_attributes"]

_MOST_TEXT: Final = 4096
"""Characters of a value: no path is longer."""
_MOST_STEPS: Final = 5_000_000
"""Instructions of SQLite's virtual machine; a second or so."""
_STEPS_BETWEEN: Final = 10_000
_MOST_VALUE: Final = 1_000_000
_DESCRIPTORS: Final = "/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"


def xml_attributes(data: bytes, element: str, attribute: str) -> list[str]:
    """The attribute's values in document order, from every such element. Raises `Unparseable`.

    A document type or entity declaration is refused, so nothing can be expanded or fetched.
    """
    found: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == element and attribute in attributes:
            found.append(attributes[attribute])

    def refuse(*_: object) -> None:
        raise Unparseable("parse.xml", "it declares a document type", parser.CurrentLineNumber)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Unparseable("parse.xml", "not valid XML", error.lineno, error.offset + 1) from None
    except (ValueError, LookupError):
        raise Unparseable("parse.encoding", "an unknown character encoding") from None
    return found


def sqlite_column(fd: int, table: str, column: str, limit: int) -> list[str]:
    """Distinct texts of one column of one real table, at most `limit`, from a database open as `fd`.

    Nothing else is selected, nothing is written beside the file, and what its owner has not yet moved out of the
    write-ahead log is not seen. Empty where there is no such table or column. Raises `Unparseable`, also where a
    descriptor has no path (Windows).
    """
    try:
        database = sqlite3.connect(f"file:{_DESCRIPTORS}/{fd}?mode=ro&immutable=1", uri=True)
    except sqlite3.Error:
        raise Unparseable("parse.sqlite", "it cannot be opened as a database") from None
    try:
        _restrain(database)
        if not _is_same_file(fd):
            raise Unparseable("parse.sqlite", "it was replaced while being opened")
        return _texts(database, table, column, limit)
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
            raise Unparseable("parse.too_large", "it takes too many steps to read") from None
        raise Unparseable("parse.sqlite", "not a readable SQLite database") from None
    finally:
        database.close()


def _restrain(database: sqlite3.Connection) -> None:
    steps = itertools.count(_STEPS_BETWEEN, _STEPS_BETWEEN)
    database.set_progress_handler(lambda: next(steps) > _MOST_STEPS, _STEPS_BETWEEN)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_VALUE)
    database.text_factory = lambda value: value.decode("utf-8", "replace")
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0", "query_only=ON"):
        database.execute(f"PRAGMA {pragma}")


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


def _texts(database: sqlite3.Connection, table: str, column: str, limit: int) -> list[str]:
    # A view or a virtual table would run what the file's writer put in: both have no root page.
    real = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? AND rootpage > 0"
    columns = "SELECT 1 FROM pragma_table_info(?) WHERE name = ?"
    if not database.execute(real, (table,)).fetchone() or not database.execute(columns, (table, column)).fetchone():
        return []
    source, value = (f'"{name.replace(chr(34), chr(34) * 2)}"' for name in (table, column))
    query = f"SELECT DISTINCT {value} FROM {source} WHERE typeof({value}) = 'text' AND length({value}) <= ? LIMIT ?"  # noqa: S608
    return [row[0] for row in database.execute(query, (_MOST_TEXT, limit))]
