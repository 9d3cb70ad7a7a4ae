"""Rows as CSV (RFC 4180) that a spreadsheet shows and does not carry out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from agent.runtime.terminal import plain

_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, also in the wide letters of East Asia."""
_QUOTED = frozenset('",;\n\r\t')


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The head, then a line a row. Nothing in a cell ends its line, and none begins a formula."""
    yield ",".join(map(_cell, head))
    for row in rows:
        yield ",".join(map(_cell, row))


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = plain(str(value))
    if text.lstrip().startswith(_FORMULA) and not isinstance(value, int | float):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if not _QUOTED.isdisjoint(text) else text
