"""Records on stdout or in a file, as a table, one JSON array, or a JSON record a line."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from agent.records import Record
from agent.runtime import terminal
from agent.runtime.files import replace_file
from agent.runtime.terminal import plain_json


def render(records: Iterable[Record], form: str) -> Iterator[str]:
    """All records as `table`, `json` or `ndjson`, piece by piece: the inventory of a large machine is long."""
    if form == "ndjson":
        yield from (_json(record) + "\n" for record in records)
    elif form == "json":
        separator = "[\n"
        for record in records:
            yield separator + _json(record)
            separator = ",\n"
        yield "[]\n" if separator == "[\n" else "\n]\n"
    else:
        from agent.reports import table

        yield table.render(list(records))


def _json(record: Record) -> str:
    """One line; control characters that JSON would let through are escaped, for it may be read on a terminal."""
    return plain_json(record.to_json())


def emit(text: Iterable[str], output: Path | None) -> None:
    """Write to stdout, or atomically to a file that only its owner may read. Raises `OSError`."""
    if output and (device := _device(output)) is not None:
        with os.fdopen(device, "w", encoding="utf-8") as sink:
            sink.writelines(text)
        return
    if output:
        replace_file(output, text)
        return
    out = terminal.stdout()
    out.writelines(text)
    out.flush()


def _device(path: Path) -> int | None:
    """An open character device such as `/dev/null`, which root must not replace by a file; None for all else.

    Only root can make one. A link, or a pipe in a folder that others write to, could lead the inventory to them.
    """
    try:
        if not stat.S_ISCHR(path.lstat().st_mode):
            return None
        descriptor = os.open(path, os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NOCTTY", 0))
    except FileNotFoundError:
        return None
    if stat.S_ISCHR(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None
