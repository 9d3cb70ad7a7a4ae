"""Versions of packages in rpm's own database (the SQLite form of rpm 4.16 and later), without running rpm.

A row of `Packages` is a header as rpm writes it: two counts, an index of 16 bytes an entry (tag, type, offset, count),
then the data. See rpm-software-management/rpm:docs/manual/format_header.md
"""

from __future__ import annotations

import struct
from typing import Final

from collectors.sources.formats.sqlite_file import Database

_VERSION: Final = 1001
_RELEASE: Final = 1002
_STRING: Final = 6
_START: Final = 65_536
"""The headers of packages with very many files are large; only their start is taken."""
_MOST_TAGS: Final = 2_000


def rpm_version(fd: int, name: str) -> str | None:
    """`version-release` of the package of a name, the last installed one of several; raises `UnparseableError`."""
    database = Database(fd)
    names, packages = database.table("Name"), database.table("Packages")
    if not (names and packages and {"key", "hnum"} <= {*names.columns} and "blob" in packages.columns):
        return None
    key, number = names.columns.index("key"), names.columns.index("hnum")
    numbers = [values[number] for _, values in database.rows(names) if values[key] == name]
    last = max((n for n in numbers if isinstance(n, int)), default=None)
    row = database.row(packages, last) if last is not None else None
    header = row[packages.columns.index("blob")] if row else None
    texts = _texts(header[:_START]) if isinstance(header, bytes) else {}
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
