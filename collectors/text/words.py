"""Which words that any rule asks for a text holds: each piece between blanks is looked at once, not once a word."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_LONG: Final = 24
_MOST_KNOWN: Final = 8_192
_LONGEST_KNOWN: Final = 40


class Vocabulary:
    """Words as the bits of a number. A word of several pieces counts as there where its longest piece is: whoever needs
    to know looks for the whole of it."""

    def __init__(self, words: Iterable[str]) -> None:
        self._bits = {word: 1 << number for number, word in enumerate(dict.fromkeys(map(_longest, words)))}
        self.long = 1 << len(self._bits)
        """Of pieces of 24 characters and more."""
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
        found, new = 0, []
        for piece in set(text.split()).difference(self._plain):
            bits = self._telling.get(piece)
            if bits is None:
                new.append(piece)
            else:
                found |= bits
        return found | self._learned(new) if new else found

    def _learned(self, pieces: list[str]) -> int:
        """Of pieces that were not seen before: first what is in any, then in which."""
        every = "\n".join(pieces)
        there = [(word, bit) for word, bit in self._bits.items() if word in every]
        found = 0
        for piece in pieces:
            bits = self.long if len(piece) >= _LONG else 0
            for word, bit in there:
                if word in piece:
                    bits |= bit
            if len(piece) <= _LONGEST_KNOWN:
                self._remember(piece, bits)
            found |= bits
        return found

    def _remember(self, piece: str, bits: int) -> None:
        if len(self._plain) + len(self._telling) >= _MOST_KNOWN:
            self._plain, self._telling = set(), {}
        if bits:
            self._telling[piece] = bits
        else:
            self._plain.add(piece)


def _longest(word: str) -> str:
    return max(word.split(), key=len)
