"""A table that is read in three ways: in columns, as CSV, and as JSON objects."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.reports.columns import columns
from agent.reports.csv_lines import csv_lines


@dataclass(frozen=True, slots=True)
class Sheet:
    """Names of the columns, in small letters, and the rows."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def in_columns(sheet: Sheet) -> list[str]:
    """For a person; an empty cell is a dash."""
    head = [name.replace("_", " ").upper() for name in sheet.head]
    return columns(head, [[cell or "-" for cell in row] for row in sheet.rows])


def as_csv(sheet: Sheet) -> Iterator[str]:
    """For a spreadsheet."""
    return csv_lines(sheet.head, sheet.rows)


def as_json(sheet: Sheet) -> Iterator[str]:
    """An array of objects, one a line; an empty cell is null."""
    yield "["
    for number, row in enumerate(sheet.rows, 1):
        told = {name: cell or None for name, cell in zip(sheet.head, row, strict=True)}
        yield f" {json.dumps(told, ensure_ascii=False)}{',' if number < len(sheet.rows) else ''}"
    yield "]"


def of_document(document: Mapping[str, object]) -> Sheet:
    """A nested document as rows of a dotted path and its value."""
    return Sheet(("field", "value"), list(_leaves("", document)))


def _leaves(path: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        inner: Iterable[tuple[object, object]] = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    else:
        yield path, "" if value is None else str(value)
        return
    for name, part in inner:
        yield from _leaves(f"{path}.{name}" if path else str(name), part)
