"""Cells in columns, a line a row, as wide as whoever reads them can see."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence

from agent.reports.tone import Toned
from agent.runtime.terminal import plain

_WIDEST = 60
"""Of one cell, where nobody's window says otherwise."""
_NARROWEST = 12
_GAP = "  "
_LEAST_WIDTH = 80
_EXAMPLES = "AMONG THEM"
"""The column that gives way before all others, to this width: it names some of what the others count."""
_EXAMPLES_WIDTH = 20
_TONED = ("SEVERITY", "WORST")
"""The columns whose words have a colour."""


def columns(head: Sequence[str], rows: Iterable[Sequence[str]], width: int | None = None) -> list[str]:
    """Without what could move a cursor; cut where a cell is very wide, and where all of them are wider than the
    terminal, or `width` characters. A column that is empty in every row is left out."""
    lines = [list(head), *([_cut(plain(cell), _WIDEST) for cell in row] for row in rows)]
    kept = [n for n in range(len(head)) if len(lines) == 1 or any(line[n] not in ("", "-") for line in lines[1:])]
    lines = [[line[n] for n in kept] for line in lines]
    widths = _fitted([max(_width(line[n]) for line in lines) for n in range(len(kept))], lines[0], width)
    toned = next((n for n, name in enumerate(lines[0]) if name in _TONED), None)
    return [_line(line, widths, toned) for line in lines]


def terminal_width() -> int | None:
    """Characters in a line of the terminal that reads standard output, at least 80; None where a program reads it."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    try:
        return max(_LEAST_WIDTH, os.get_terminal_size(sys.stdout.fileno()).columns)
    except OSError:
        return _LEAST_WIDTH


def _line(cells: Sequence[str], widths: Sequence[int], toned: int | None) -> str:
    shown = [_cut(cell, most) for cell, most in zip(cells, widths, strict=True)]
    text = _GAP.join(cell + " " * (most - _width(cell)) for cell, most in zip(shown, widths, strict=True)).rstrip()
    if toned is None:
        return text
    return Toned(text, sum(widths[:toned]) + len(_GAP) * toned, cells[toned])


def _fitted(widths: list[int], names: Sequence[str], width: int | None) -> list[int]:
    """The examples give way first, then the widest column, and none below what still says something."""
    room = width or terminal_width()
    over = 0 if room is None else sum(widths) + len(_GAP) * (len(widths) - 1) - room
    if over > 0 and _EXAMPLES in names:
        examples = names.index(_EXAMPLES)
        given = min(over, max(0, widths[examples] - _EXAMPLES_WIDTH))
        widths[examples] -= given
        over -= given
    while over > 0 and max(widths) > _NARROWEST:
        widest = widths.index(max(widths))
        widths[widest] -= 1
        over -= 1
    return widths


def _cut(text: str, most: int) -> str:
    if len(text) <= most and (text.isascii() or _width(text) <= most):
        return text
    text = text[: most - 1]
    while _width(text) > most - 1:
        text = text[:-1]
    return f"{text}…"


def _width(text: str) -> int:
    """Places on the screen: letters of East Asia take two, accents that combine none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )
