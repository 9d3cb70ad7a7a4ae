"""The values in a file that tells of tools: one document, which may lie in an archive, lines, or rows of a database."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from collectors.catalog.tools import ToolsAt
from collectors.contract import Context
from collectors.sources.account import Home
from collectors.sources.filesystem.write_ahead_log import write_ahead_log
from collectors.sources.formats.documents import parse
from collectors.sources.formats.sqlite_file import Database
from collectors.transcripts.table import JoinedRows
from collectors.transcripts.table import entries as rows
from collectors.transcripts.tail import blocks, lines, next_line

_MOST_LINES = 2 << 20
"""Bytes at the end of a log that are read."""
_MOST_START = 256 << 10
"""Bytes at its beginning."""
_JSON = json.JSONDecoder()
_ITEMS = "ItemTable"


def entries(context: Context, home: Home | None, path: str, part: ToolsAt) -> Iterator[Any]:
    """Raises `FileNotFoundError`, `UnreadableError`, `UnparseableError`."""
    if part.shape == "document":
        yield parse(context.files.read(path, home), part.format, context.limits).value
    elif part.shape == "archive":
        yield parse(_member(context, home, path, part.member), part.format, context.limits).value
    elif part.shape == "lines":
        yield from _lines(context, home, path, part)
    else:
        with context.files.opened(path, home) as file, write_ahead_log(context.files, path, home) as log:
            database = Database(file, log)
            if part.table:
                yield from (row for _, row in rows(database, part.table, JoinedRows(part.table), 0))
            else:
                yield from _item(context, database, part.item)


def _member(context: Context, home: Home | None, path: str, name: str) -> bytes:
    from collectors.sources.formats.archive import member  # most homes have no archive

    with context.files.opened(path, home) as file:
        return member(file, name, _MOST_START)


def _lines(context: Context, home: Home | None, path: str, part: ToolsAt) -> Iterator[Any]:
    wanted, start = part.contains.encode(), part.json_from
    with context.files.opened(path, home) as file:
        begin = 0 if part.from_start else next_line(file, os.fstat(file).st_size - _MOST_LINES)
        read = blocks(file, begin, _MOST_START if part.from_start else _MOST_LINES)
        for line in (line for block in read for line in lines(block)):
            if wanted in line.data:
                text = line.data.decode("utf-8", "replace")
                with suppress(ValueError, RecursionError):
                    yield _JSON.raw_decode(text, max(0, text.find(start)) if start else 0)[0]


def _item(context: Context, database: Database, key: str) -> Iterator[Any]:
    """The value of one key, which is JSON; a large one is parsed apart, as a document is."""
    table = database.table(_ITEMS)
    found = database.row_of(table, key) if table else None
    if found and isinstance(value := found[1], str | bytes):
        yield parse(value.encode() if isinstance(value, str) else value, "json", context.limits).value
