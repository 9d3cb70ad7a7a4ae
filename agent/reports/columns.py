"""Cells in columns, a line a row, as wide as whoever reads them can see."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

from agent.runtime.terminal import plain

_WIDEST = 60
"""Of one cell, where nobody's window says otherwise."""
_NARROWEST = 12
_GAP = "  "
_LEAST_WIDTH = 80


def columns(head: Sequence[str], rows: Iterable[Sequence[str]], width: int | None = None) -> list[str]:
    """Without what could move a cursor; cut where a cell is very wide, and where all of them are wider than the
    terminal, or `width` characters. A column that is empty in every row is left out."""
    lines = [list(head), *([_cut(plain(cell), _WIDEST) for cell in row] for row in rows)]
    kept = [n for n in range(len(head)) if len(lines) == 1 or any(line[n] not in ("", "-") for line in lines[1:])]
    lines = [[line[n] for n in kept] for line in lines]
    widths = _fitted([max(len(line[n]) for line in lines) for n in range(len(kept))], width or terminal_width())
    return [
        _GAP.join(_cut(cell, most).ljust(most) for cell, most in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def terminal_width() -> int | None:
    """Characters in a line of the terminal that reads standard output, at least 80; None where a program reads it."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    try:
        return max(_LEAST_WIDTH, os.get_terminal_size(sys.stdout.fileno()).columns)
    except OSError:
        return _LEAST_WIDTH


def _fitted(widths: list[int], room: int | None) -> list[int]:
    """The widest columns give way first, and none below what still says something."""
    over = 0 if room is None else sum(widths) + len(_GAP) * (len(widths) - 1) - room
    while over > 0 and max(widths) > _NARROWEST:
        widest = widths.index(max(widths))
        widths[widest] -= 1
        over -= 1
    return widths


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
