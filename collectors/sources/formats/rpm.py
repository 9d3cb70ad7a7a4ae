"""Versions of packages in rpm's own database (the SQLite form of rpm 4.16 and later), without running rpm.

A row of `Packages` is a header as rpm writes it: two counts, an index of 16 bytes an entry (tag, type, offset, count),
then the data. See rpm-software-management/rpm:docs/manual/format_header.md
"""

from __future__ import annotations

import struct
from typing import Final

from collectors.sources.formats.sqlite_file import database, has_columns

_VERSION: Final = 1001
_RELEASE: Final = 1002
_STRING: Final = 6
_MOST_ROW: Final = 16 * 1024 * 1024
"""The headers of packages with very many files are large; only their start is taken."""
_START: Final = 65_536
_MOST_TAGS: Final = 2_000


def rpm_version(fd: int, name: str) -> str | None:
    """`version-release` of the package of a name, the last installed one of several; raises `Unparseable`."""
    with database(fd, _MOST_ROW) as connection:
        if not (has_columns(connection, "Name", "key", "hnum") and has_columns(connection, "Packages", "hnum", "blob")):
            return None
        last = "SELECT max(hnum) FROM Name WHERE key = ?"
        query = f"SELECT substr(blob, 1, ?) FROM Packages WHERE hnum = ({last})"  # noqa: S608 - no value is in it
        row = connection.execute(query, (_START, name)).fetchone()
    texts = _texts(row[0]) if row and isinstance(row[0], bytes) else {}
    parts = [texts[tag] for tag in (_VERSION, _RELEASE) if texts.get(tag)]
    return "-".join(parts) or None


def _texts(header: bytes) -> dict[int, str]:
    """The version tags of a header; whatever is damaged is not there."""
    if len(header) < 8:
        return {}
    (tags,) = struct.unpack_from(">I", header)
    data = 8 + 16 * tags
    found: dict[int, str] = {}
    for at in range(8, min(data, len(header) - 15, 8 + 16 * _MOST_TAGS), 16):
        tag, kind, offset, _ = struct.unpack_from(">IIiI", header, at)
        if tag in (_VERSION, _RELEASE) and kind == _STRING and offset >= 0:
            text, end, _ = header[data + offset : data + offset + 256].partition(b"\0")
            if end and text.isascii():
                found[tag] = text.decode()
    return found
