"""Tables of an SQLite database that another program owns, read page by page from open descriptors.

SQLite itself cannot be handed a descriptor: it would open the path once more, and by then that may be a FIFO. Nor is
anything of the file executed here: of its SQL only the definition of the table asked for is parsed. The format is
described at https://www.sqlite.org/fileformat2.html.
"""

from __future__ import annotations

import os
import sqlite3
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from collectors.sources.formats.unparseable import UnparseableError

Value = str | bytes | int | float | None

_MAGIC: Final = b"SQLite format 3\0"
_WAL_MAGIC: Final = (0x377F0682, 0x377F0683)
_ENCODINGS: Final = {1: "utf-8", 2: "utf-16-le", 3: "utf-16-be"}
_INTEGERS: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""Bytes of an integer by its type in a record."""
_DEEPEST: Final = 20
_MOST_BYTES: Final = 256 * 1024 * 1024
"""Of the pages that are read, one that is read twice counted twice."""
_MOST_VALUES: Final = 1_000_000
"""Of the rows that are read; a second or so."""
_MOST_FRAMES: Final = 200_000
_MOST_VALUE: Final = 1_000_000
_MOST_WHOLE: Final = 8 << 20
"""Bytes of a row that are read; what lies behind them is told as None."""
_MOST_FIRST: Final = 400
"""Bytes of a row in which its first value stands, where that is short."""
_MOST_SQL: Final = 100_000
_NEVER: Final = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_CREATE_VIEW,
    sqlite3.SQLITE_ATTACH,
    sqlite3.SQLITE_PRAGMA,
    sqlite3.SQLITE_CREATE_VTABLE,
}


class Table(NamedTuple):
    """Where a table begins, and the names of the values in its rows."""

    root: int
    columns: tuple[str, ...]


class Database:
    """A database open as `file`, with what its owner has written to the write-ahead log open as `log`, if any.

    Read once: a writer that works meanwhile can make it inconsistent, which is `UnparseableError` or seen at the next
    reading. Every method raises `UnparseableError` for whatever is wrong.
    """

    def __init__(self, file: int, log: int | None = None) -> None:
        self._file = file
        self._log = log
        self._bytes_left = _MOST_BYTES
        self._values_left = _MOST_VALUES
        self._logged = _logged(log) if log is not None else {}
        header = self._page_at(0, 100) if 1 not in self._logged else _read(log or 0, self._logged[1], 100)
        self.empty = not header and not self._logged
        if not self.empty and (len(header) < 100 or not header.startswith(_MAGIC)):
            raise UnparseableError("parse.sqlite", "not an SQLite database")
        size = int.from_bytes(header[16:18], "big")
        self._size = 65_536 if size == 1 else size
        self._usable = self._size - (header[20] if header else 0)
        if not self.empty and (self._size < 512 or self._size & (self._size - 1) or self._usable < 480):
            raise UnparseableError("parse.sqlite", "a page size that no database has")
        self._encoding = _ENCODINGS.get(int.from_bytes(header[56:60], "big"), "utf-8")

    def table(self, name: str) -> Table | None:
        """The real table of this name. A view and a virtual table are none: they have no root page."""
        if self.empty:
            return None
        for _, (kind, own, _, root, sql) in self._rows(1, 5):
            if kind == "table" and own == name and isinstance(root, int) and root > 0 and isinstance(sql, str):
                return Table(root, _columns(sql, name))
        return None

    def rows(self, table: Table, since: int | None = None) -> Iterator[tuple[int, list[Value]]]:
        """Row ids, from one on, with the values of all columns, in the order of the ids."""
        return self._rows(table.root, len(table.columns), since)

    def last_row(self, table: Table) -> int | None:
        """The highest row id; None of a table without rows."""
        number = table.root
        for _ in range(_DEEPEST):
            page, start = self._page(number)
            cells = _cells(page, start)
            if page[start] == 0x0D:
                return _varint(page, _varint(page, cells[-1])[1])[0] if cells else None
            number = _u32(page, start + 8)
        raise UnparseableError("parse.sqlite", "its pages lead in a circle")

    def row(self, table: Table, wanted: int) -> list[Value] | None:
        """The values of one row."""
        number = table.root
        for _ in range(_DEEPEST):
            page, start = self._page(number)
            cells = _cells(page, start)
            if page[start] == 0x0D:
                for at in cells:
                    length, at_id = _varint(page, at)
                    row_id, at_payload = _varint(page, at_id)
                    if row_id == wanted:
                        return self._values(self._payload(page, at_payload, length), len(table.columns))
                return None
            number = next((_u32(page, at) for at in cells if wanted <= _varint(page, at + 4)[0]), _u32(page, start + 8))
        raise UnparseableError("parse.sqlite", "its pages lead in a circle")

    def row_of(self, table: Table, first: str) -> list[Value] | None:
        """The values of the first row whose first value is this text, whole; of the others nothing but that is read.
        Raises `UnparseableError` where it is longer than anything that is read whole."""
        for page, at, length in self._leaves(table.root):
            if self._values(page[at : at + _MOST_FIRST], 1)[0] == first:
                if length > _MOST_WHOLE:
                    raise UnparseableError("parse.too_large", f"a value of more than {_MOST_WHOLE >> 20} MB")
                return self._values(self._payload(page, at, length, _MOST_WHOLE), len(table.columns))
        return None

    def _leaves(self, root: int) -> Iterator[tuple[bytes, int, int]]:
        """Of each row: its page, where on it the row begins, and its length."""
        pending = [(root, 0)]
        while pending:
            number, depth = pending.pop()
            page, start = self._page(number)
            kind, cells = page[start], _cells(page, start)
            if kind == 0x05 and depth < _DEEPEST:
                pending += [(_u32(page, at), depth + 1) for at in cells] + [(_u32(page, start + 8), depth + 1)]
            elif kind == 0x0D:
                for at in cells:
                    length, at_id = _varint(page, at)
                    yield page, _varint(page, at_id)[1], length
            else:
                raise UnparseableError("parse.sqlite", "a page that belongs to no table")

    def _rows(self, root: int, columns: int, since: int | None = None) -> Iterator[tuple[int, list[Value]]]:
        pending = [(root, 0)]
        while pending:
            number, depth = pending.pop()
            page, start = self._page(number)
            kind, cells = page[start], _cells(page, start)
            if kind == 0x05 and depth < _DEEPEST:
                # A cell leads to the rows up to its own id.
                below = [_u32(page, at) for at in cells if since is None or _varint(page, at + 4)[0] >= since]
                below.append(_u32(page, start + 8))
                pending += [(child, depth + 1) for child in reversed(below)]
            elif kind == 0x0D:
                for at in cells:
                    length, at_id = _varint(page, at)
                    row_id, at_payload = _varint(page, at_id)
                    if since is None or row_id >= since:
                        yield row_id, self._values(self._payload(page, at_payload, length), columns)
            else:
                raise UnparseableError("parse.sqlite", "a page that belongs to no table")

    def _payload(self, page: bytes, at: int, length: int, most: int = _MOST_VALUE) -> bytes:
        """The bytes of a row, those on overflow pages too, cut at so many."""
        usable = self._usable
        least = (usable - 12) * 32 // 255 - 23
        local = length
        if length > usable - 35:
            local = least + (length - least) % (usable - 4)
            local = local if local <= usable - 35 else least
        data = page[at : at + local]
        following = _u32(page, at + local) if local < length else 0
        wanted = min(length, most)
        pieces, got = [data], len(data)
        while following and got < wanted:
            more, _ = self._page(following)
            following = _u32(more, 0)
            pieces.append(more[4:usable])
            got += usable - 4
        return b"".join(pieces)[:wanted]

    def _values(self, record: bytes, columns: int) -> list[Value]:
        """The first values of a record; those it does not hold are None."""
        length, at = _varint(record, 0)
        values: list[Value] = []
        place = length
        while at < length and len(values) < columns:
            kind, at = _varint(record, at)
            value, place = self._value(record, kind, place)
            values.append(value)
        self._values_left -= len(values) + 1
        if self._values_left < 0:
            raise UnparseableError("parse.too_large", f"more than {_MOST_VALUES} values to read")
        return values + [None] * (columns - len(values))

    def _value(self, record: bytes, kind: int, at: int) -> tuple[Value, int]:
        if kind in (0, 8, 9):
            return (None if kind == 0 else kind - 8), at
        size = _INTEGERS.get(kind) or (8 if kind == 7 else (kind - 12) // 2 if kind >= 12 else 0)
        raw = record[at : at + size]
        if kind in _INTEGERS:
            return int.from_bytes(raw, "big", signed=True), at + size
        if kind == 7 and len(raw) == size:
            return struct.unpack(">d", raw)[0], at + size
        if kind < 12 or len(raw) < size:
            return None, at + size
        return (raw.decode(self._encoding, "replace") if kind % 2 else raw), at + size

    def _page(self, number: int) -> tuple[bytes, int]:
        """A page, and where its own header begins."""
        self._bytes_left -= self._size
        if self._bytes_left < 0:
            raise UnparseableError("parse.too_large", f"more than {_MOST_BYTES} bytes to read")
        page = self._page_at((number - 1) * self._size, self._size, number)
        if number < 1 or len(page) < self._size:
            raise UnparseableError("parse.sqlite", "a page is missing")
        return page, 100 if number == 1 else 0

    def _page_at(self, place: int, size: int, number: int = 0) -> bytes:
        if number in self._logged and self._log is not None:
            return _read(self._log, self._logged[number], size)
        return _read(self._file, place, size)


def _logged(log: int) -> dict[int, int]:
    """Where in a write-ahead log the newest committed form of each page stands.

    A frame counts where its salts are those of the log's header: others are left over from before its last reset. The
    checksums, which only tell after a power failure, are not looked at.
    """
    header = _read(log, 0, 32)
    if len(header) < 32 or _u32(header, 0) not in _WAL_MAGIC:
        return {}
    size, salts = _u32(header, 8), header[16:24]
    committed: dict[int, int] = {}
    open_: dict[int, int] = {}
    place = 32
    for _ in range(_MOST_FRAMES):
        frame = _read(log, place, 24)
        if len(frame) < 24 or frame[8:16] != salts:
            return committed
        open_[_u32(frame, 0)] = place + 24
        if _u32(frame, 4):
            committed.update(open_)
            open_.clear()
        place += 24 + size
    raise UnparseableError("parse.too_large", "its write-ahead log is too long")


def _read(file: int, place: int, size: int) -> bytes:
    try:
        os.lseek(file, place, os.SEEK_SET)  # not pread: Windows has none
        return os.read(file, size)
    except (OSError, OverflowError, ValueError):
        raise UnparseableError("parse.sqlite", "a page cannot be read") from None


def _columns(sql: str, name: str) -> tuple[str, ...]:
    """Names of the stored values in a row, by the table's definition; parsed by SQLite in a database of its own."""
    if len(sql) > _MOST_SQL:
        raise UnparseableError("parse.too_large", "the definition of a table is too long")
    connection = sqlite3.connect(":memory:")
    try:
        # `CREATE TABLE … AS SELECT` would run what the file's writer put in.
        connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_DENY if action in _NEVER else sqlite3.SQLITE_OK)
        connection.execute(sql)
        connection.set_authorizer(None)
        found = connection.execute("SELECT name, hidden FROM pragma_table_xinfo(?)", (name,)).fetchall()
    except (sqlite3.Error, sqlite3.Warning):
        raise UnparseableError("parse.sqlite", "a table's definition cannot be read") from None
    finally:
        connection.close()
    # 2: generated whenever it is read, so no row holds it.
    return tuple(column for column, hidden in found if hidden != 2)


def _cells(page: bytes, start: int) -> list[int]:
    """Where the cells of a page begin."""
    count = int.from_bytes(page[start + 3 : start + 5], "big")
    first = start + (12 if page[start] in (0x02, 0x05) else 8)
    if first + 2 * count > len(page):
        raise UnparseableError("parse.sqlite", "a page is damaged")
    cells = list(struct.unpack_from(f">{count}H", page, first))
    if any(at < first or at + 4 > len(page) for at in cells):
        raise UnparseableError("parse.sqlite", "a page is damaged")
    return cells


def _u32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "big")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of up to nine bytes, and where it ends."""
    value = 0
    for index in range(at, min(at + 8, len(data))):
        byte = data[index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, index + 1
    if at + 8 >= len(data):
        raise UnparseableError("parse.sqlite", "a row is damaged")
    value = value << 8 | data[at + 8]
    return value - (1 << 64) if value >> 63 else value, at + 9
