"""Which words that any rule asks for a text holds: each piece between blanks is looked at once, not once a word."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_LONG: Final = 24
_MOST_KNOWN: Final = 4_096
_LONGEST_KNOWN: Final = 40


class Vocabulary:
    """Words as the bits of a number. A word of several pieces counts as there where its longest piece is: whoever needs
    to know looks for the whole of it."""

    def __init__(self, words: Iterable[str]) -> None:
        self._bits = {word: 1 << number for number, word in enumerate(dict.fromkeys(map(_longest, words)))}
        self.long = 1 << len(self._bits)
        """Of pieces of 24 characters and more."""
        self._starts: dict[str, list[str]] = {}
        """Words by their first two characters, or the only one."""
        for word in self._bits:
            self._starts.setdefault(word[:2], []).append(word)
        self._plain: set[str] = set()
        """Pieces of texts that were seen to hold no word: ever the same ones."""
        self._telling: dict[str, int] = {}
        self.held = lru_cache(maxsize=4)(self._held)

    def bits(self, words: Iterable[str]) -> int:
        """Of any of these words."""
        found = 0
        for word in words:
            found |= self._bits[_longest(word)]
        return found

    def _held(self, text: str) -> int:
        """The words of a plain lower case text."""
        found = 0
        for piece in set(text.split()).difference(self._plain):
            bits = self._telling.get(piece)
            found |= self._new(piece) if bits is None else bits
        return found

    def _new(self, piece: str) -> int:
        bits = self.long if len(piece) >= _LONG else 0
        for at, letter in enumerate(piece):
            for start in (letter, piece[at : at + 2]):
                for word in self._starts.get(start, ()):
                    if piece.startswith(word, at):
                        bits |= self._bits[word]
        if len(piece) <= _LONGEST_KNOWN:
            self._remember(piece, bits)
        return bits

    def _remember(self, piece: str, bits: int) -> None:
        if len(self._plain) + len(self._telling) >= _MOST_KNOWN:
            self._plain, self._telling = set(), {}
        if bits:
            self._telling[piece] = bits
        else:
            self._plain.add(piece)


def _longest(word: str) -> str:
    return max(word.split(), key=len)
