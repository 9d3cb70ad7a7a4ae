"""The words of a command line as far as they are worth their memory: whoever starts a process chooses megabytes."""

from __future__ import annotations

import sys
from collections.abc import Iterable

READ_BYTES = 1024 * 1024
"""Of one command line: several texts of the 128 KB that Linux allows one word, and what stands behind them."""
MOST_WORDS = 4096
LONGEST = 4096
"""Characters of one word."""
ROOM = 24 * 1024
"""Bytes that the words of one process take here."""
_OPTIONS_ROOM = 16 * 1024
"""Bytes beyond these for options and what follows each: a text of any length hides none."""
_LONGEST_OPTION = 256
_LEFT_OUT = "…"
"""Stands where a word was left out."""


def kept(
    words: Iterable[str], room: int = ROOM, options: int = _OPTIONS_ROOM, longest: int = LONGEST
) -> tuple[str, ...]:
    """As many of the words as there is room for, each in its place; no word is cut but at its `longest`."""
    found: list[str] = []
    after_option = False
    for given in words:
        word = given[:longest]
        weight, is_option = weigh(word), word.startswith("-")
        if weight <= room:
            room -= weight
        elif (is_option or after_option) and len(word) <= _LONGEST_OPTION and weight <= options:
            options -= weight
        else:
            word = _LEFT_OUT
        after_option = is_option
        if word is not _LEFT_OUT or found[-1:] != [_LEFT_OUT]:
            found.append(word)
    return tuple(found)


def weigh(word: str | None) -> int:
    """Bytes that it takes here; the shortest are shared."""
    return sys.getsizeof(word) if word and len(word) > 1 else 0
