"""The expressions by which texts are judged, from `patterns.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

_BETWEEN: Final = r"(?:[\s\"'`*.,:;()\[\]<>-]{1,8})"
_WORD: Final = r"\S{1,60}\s{1,4}"
_PIECES: Final = re.compile(r"\\S\+ |\\.|\[(?:\\.|[^\]])*\]| ")
_PIECE: Final = {" ": _BETWEEN, r"\S+ ": _WORD}
_AROUND: Final = 700
"""Characters before and after a word that are looked through."""


class Pattern(NamedTuple):
    """An expression, and groups of words of each of which one must be there at all: looking for a word costs next to
    nothing, and only what lies around a word of the first group is looked through."""

    groups: tuple[tuple[str, ...], ...]
    expression: str

    def found(self, text: str) -> Iterator[int]:
        """Where it begins, each time."""
        if not all(_has(text, words) for words in self.groups):
            return
        compiled = _compiled(self.expression)
        for start, end in _windows(text, self.groups[0]):
            yield from (match.start() for match in compiled.finditer(text, start, end))


def found(sort: str, text: str) -> Iterator[int]:
    """Where any pattern of a sort begins in a plain lower case text, each time."""
    for pattern in _patterns()[sort]:
        yield from pattern.found(text)


@cache
def _patterns() -> dict[str, tuple[Pattern, ...]]:
    told: dict[str, Any] = tomllib.loads(files("collectors.text").joinpath("patterns.toml").read_text(encoding="utf-8"))
    names: dict[str, str] = told.pop("names")
    words: dict[str, str] = told.pop("words")
    return {
        sort: tuple(
            Pattern(
                tuple(tuple(_filled(group, words).split("|")) for group in one["words"]),
                _filled(one["expression"], names),
            )
            for one in patterns
        )
        for sort, patterns in told.items()
    }


def _filled(text: str, named: dict[str, str]) -> str:
    """A text with `{{name}}` replaced by what is called so, on one line."""
    for name, value in named.items():
        text = text.replace(f"{{{{{name}}}}}", value.strip())
    return re.sub(r"\n\s*", "", text.strip())


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    """Compiled when it is first needed: most texts hold no word of most patterns."""
    return re.compile(_PIECES.sub(lambda piece: _PIECE.get(piece[0], piece[0]), expression), re.DOTALL)


@lru_cache(maxsize=8)
def _has(text: str, words: tuple[str, ...]) -> bool:
    """Whether any of the words is there: patterns beside each other ask for the same ones."""
    return any(map(text.__contains__, words))


def _windows(text: str, words: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """The pieces of a text that lie around any of these words; none twice."""
    start = end = 0
    for at in sorted(_places(text, words)):
        if at - _AROUND > end:
            if end:
                yield start, end
            start = at - _AROUND
        end = at + _AROUND
    if end:
        yield max(start, 0), end


def _places(text: str, words: tuple[str, ...]) -> Iterator[int]:
    """One place of each word in every stretch of half a window: more would not widen what is looked through."""
    for word in words:
        at = text.find(word)
        while at >= 0:
            yield at
            at = text.find(word, at + _AROUND // 2)
