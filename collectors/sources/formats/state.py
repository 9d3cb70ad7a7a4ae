"""Lists of folders that clients keep in XML (JetBrains) and SQLite (Codex, opencode, Zed)."""

from __future__ import annotations

from typing import Final

from collectors.sources.formats.sqlite_file import Database
from collectors.sources.formats.unparseable import UnparseableError

__all__ = ["UnparseableError", "sqlite_column", "xml_attributes"]

_MOST_TEXT: Final = 4096
"""Characters of a value: no path is longer."""


def xml_attributes(data: bytes, element: str, attribute: str) -> list[str]:
    """The attribute's values in document order, from every such element. Raises `UnparseableError`.

    A document type or entity declaration is refused, so nothing can be expanded or fetched.
    """
    from xml.parsers import expat  # only JetBrains' products keep their state in XML

    found: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == element and attribute in attributes:
            found.append(attributes[attribute])

    def refuse(*_: object) -> None:
        raise UnparseableError("parse.xml", "it declares a document type", parser.CurrentLineNumber)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise UnparseableError("parse.xml", "not valid XML", error.lineno, error.offset + 1) from None
    except (ValueError, LookupError):
        raise UnparseableError("parse.encoding", "an unknown character encoding") from None
    return found


def sqlite_column(file: int, log: int | None, table: str, column: str, limit: int) -> list[str]:
    """Distinct texts of one column of one real table, at most `limit`, from an open database and its write-ahead log.

    Empty where there is no such table or column. Raises `UnparseableError`.
    """
    database = Database(file, log)
    found = database.table(table)
    if found is None or column not in found.columns:
        return []
    place, texts = found.columns.index(column), dict[str, None]()
    for _, values in database.rows(found):
        value = values[place]
        if isinstance(value, str) and len(value) <= _MOST_TEXT:
            texts[value] = None
            if len(texts) >= limit:
                break
    return list(texts)
