"""The expressions by which texts are judged, from `patterns.toml`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

import tomli

from collectors.text.words import Vocabulary

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
    bits: tuple[int, ...]
    """Of the groups, in the vocabulary of all."""
    near: tuple[str, ...] = ()
    """Expressions that must hold around it too, before or after."""
    within: int = 200
    unless: str = ""
    """An expression that takes it back where it ends right before."""

    def found(self, text: str) -> Iterator[int]:
        """Where it begins, each time."""
        if not all(_has(text, words) for words in self.groups):
            return
        compiled = _compiled(self.expression)
        for start, end in _windows(text, self.groups[0]):
            yield from (each.start() for each in compiled.finditer(text, start, end) if self._stands(text, each))

    def _stands(self, text: str, match: re.Match[str]) -> bool:
        if self.unless and _compiled(self.unless).search(text[max(0, match.start() - self.within) : match.start()]):
            return False
        start, end = max(0, match.start() - self.within), match.end() + self.within
        return all(_compiled(expression).search(text, start, end) for expression in self.near)


def found(sort: str, text: str) -> Iterator[int]:
    """Where any pattern of a sort begins in a plain lower case text, each time."""
    rules = _rules()
    held = rules.vocabulary.held(text)
    if held & rules.bits[sort]:
        for pattern in rules.patterns[sort]:
            for bits in pattern.bits:
                if not held & bits:
                    break
            else:
                yield from pattern.found(text)


def holds_long_piece(text: str) -> bool:
    """Whether anything in a plain lower case text is long without a blank."""
    vocabulary = _rules().vocabulary
    return bool(vocabulary.held(text) & vocabulary.long)


class _Rules(NamedTuple):
    """What `patterns.toml` says, made ready."""

    vocabulary: Vocabulary
    patterns: dict[str, tuple[Pattern, ...]]
    bits: dict[str, int]
    """Of the first groups of all patterns of a sort."""


@cache
def _rules() -> _Rules:
    told = _table("patterns.toml")
    hosts = [host for kind in _table("hosts.toml")["way_out"] for host in kind["hosts"]]
    names: dict[str, str] = told.pop("names") | {"way_out": "|".join(map(re.escape, hosts))}
    words: dict[str, str] = told.pop("words") | {"way_out": "|".join(hosts)}
    groups = {
        sort: [tuple(tuple(_filled(group, words).split("|")) for group in one["words"]) for one in patterns]
        for sort, patterns in told.items()
    }
    vocabulary = Vocabulary(word for each in groups.values() for pattern in each for group in pattern for word in group)
    patterns = {
        sort: tuple(
            Pattern(
                own,
                _filled(one["expression"], names),
                tuple(map(vocabulary.bits, own)),
                tuple(_filled(each, names) for each in one.get("near", ())),
                one.get("within", 200),
                one.get("unless", ""),
            )
            for one, own in zip(told[sort], each, strict=True)
        )
        for sort, each in groups.items()
    }
    bits = {sort: vocabulary.bits(word for own in each for word in own[0]) for sort, each in groups.items()}
    return _Rules(vocabulary, patterns, bits)


def _table(name: str) -> dict[str, Any]:
    return tomli.loads(files("collectors.text").joinpath(name).read_text(encoding="utf-8"))


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
