"""Lists of folders that clients keep in XML (JetBrains) and SQLite (Codex, opencode, Zed)."""

from __future__ import annotations

from typing import Final

from collectors.sources.formats.sqlite_file import database, has_columns, quoted
from collectors.sources.formats.unparseable import Unparseable

__all__ = ["Unparseable", "sqlite_column", "xml_attributes"]

_MOST_TEXT: Final = 4096
"""Characters of a value: no path is longer."""


def xml_attributes(data: bytes, element: str, attribute: str) -> list[str]:
    """The attribute's values in document order, from every such element. Raises `Unparseable`.

    A document type or entity declaration is refused, so nothing can be expanded or fetched.
    """
    from xml.parsers import expat  # only JetBrains' products keep their state in XML

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

    Nothing else is selected. Empty where there is no such table or column. Raises `Unparseable`; see `database`.
    """
    with database(fd) as connection:
        if not has_columns(connection, table, column):
            return []
        source, value = quoted(table), quoted(column)
        query = f"SELECT DISTINCT {value} FROM {source} WHERE typeof({value}) = 'text' AND length({value}) <= ? LIMIT ?"  # noqa: S608
        return [row[0] for row in connection.execute(query, (_MOST_TEXT, limit))]
