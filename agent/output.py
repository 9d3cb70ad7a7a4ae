"""Records on stdout or in a file, as a table, one JSON array, or a JSON record a line."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from agent.records import Record

Format = Literal["table", "json", "ndjson"]


def render(records: Sequence[Record], form: Format) -> str:
    """The text of all records."""
    if form == "ndjson":
        return "".join(record.to_json() + "\n" for record in records)
    if form == "json":
        return "[\n" + ",\n".join(record.to_json() for record in records) + "\n]\n"
    from agent.reports import table

    return table.render(records)


def emit(text: str, output: Path | None) -> None:
    """Write to stdout, or atomically to a file that only its owner may read. Raises `OSError`."""
    if output:
        replace_file(output, text)
        return
    sys.stdout.write(text)
    sys.stdout.flush()


def replace_file(path: Path, text: str) -> None:
    """Put a new file, mode 0600, in place of whatever is at `path`; a reader sees the old or the new one whole."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(partial)
        raise
