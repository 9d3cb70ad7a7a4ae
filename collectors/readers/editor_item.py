"""Settings that editors made from VS Code's source, and their extensions, keep under one key of a database of state."""

from __future__ import annotations

from collectors.contract import Context
from collectors.sources.account import Home
from collectors.sources.filesystem.write_ahead_log import write_ahead_log
from collectors.sources.formats.documents import Document, parse
from collectors.sources.formats.sqlite_file import Database

_TABLE = "ItemTable"


def is_state(path: str) -> bool:
    """Whether a file is such a database."""
    return path.endswith(".vscdb")


def editor_item(context: Context, home: Home | None, path: str, key: str) -> Document | None:
    """The document under a key; None where there is none.

    Raises `FileNotFoundError`, `UnreadableError`, `UnparseableError`.
    """
    with context.files.opened(path, home) as file, write_ahead_log(context.files, path, home) as log:
        database = Database(file, log)
        table = database.table(_TABLE)
        row = database.row_of(table, key) if table else None
    value = row[1] if row and len(row) > 1 else None
    if not isinstance(value, str | bytes):
        return None
    return parse(value.encode("utf-8", "replace") if isinstance(value, str) else value, "json", context.limits)
