"""Colour for a terminal: never the only sign, for the word that is coloured says the same."""

from __future__ import annotations

_COLOURS = {"critical": "1;31", "high": "31", "medium": "33", "low": "36", "info": "2"}


class Toned(str):
    """A line with a word in it that may be coloured."""

    __slots__ = ("start", "word")
    start: int
    word: str

    def __new__(cls, text: str, start: int, word: str) -> Toned:
        """`word` stands at `start`."""
        line = super().__new__(cls, text)
        line.start, line.word = start, word
        return line


def painted(shown: str, line: str) -> str:
    """The line as it is shown, its word in colour; unchanged where there is none."""
    if not isinstance(line, Toned) or line.word not in _COLOURS:
        return shown
    end = line.start + len(line.word)
    return f"{shown[: line.start]}\x1b[{_COLOURS[line.word]}m{shown[line.start : end]}\x1b[0m{shown[end:]}"
