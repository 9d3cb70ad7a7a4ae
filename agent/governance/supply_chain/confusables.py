"""Names that are easily taken for another: one letter off, another alphabet's letters, other separators or scope."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

_BUCKET = 16
"""Names compared at most with one: what has more neighbours than that is a numbered series, not an imitation."""
_SEPARATORS = re.compile(r"[-_./@:\s]+")
_CONFUSABLE = str.maketrans(
    # Cyrillic, Greek and digits that look like Latin letters (Unicode TR 39, those of one letter).
    "\u0430\u0441\u0435\u0456\u0458\u043e\u0440\u0455\u0443\u0445\u04bb\u0501\u051b\u051d"
    "\u03b1\u03b5\u03c1\u03b9\u03ba\u03bd\u03c4\u03bf\u03c501|",
    "aceijopsyxhdqwaepikvtouoll",
)
_PAIRS = (("rn", "m"), ("vv", "w"))


def skeleton(name: str) -> str:
    """The same for all names that look alike but for a letter."""
    text = name.lower() if name.isascii() else _without_accents(name)
    text = _SEPARATORS.sub("", text.translate(_CONFUSABLE))
    for pair, single in _PAIRS:
        text = text.replace(pair, single)
    return text


def _without_accents(name: str) -> str:
    # Hardly any name needs its tables.
    from unicodedata import combining, normalize

    return "".join(letter for letter in normalize("NFKD", name).lower() if not combining(letter))


def near(one: str, other: str) -> bool:
    """Whether one letter was changed, left out, put in, or two neighbours swapped."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, other_rest = one[start:], other[start:]
    swapped = len(other_rest) > 1 and rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:]
    return swapped or rest[1:] == other_rest[1:] or rest[1:] == other_rest or rest == other_rest[1:]


class LookAlikes:
    """Finds, among many names, the one that another is easily taken for, without comparing it with all.

    Of two names one letter apart the first half or what follows the middle letter is the same.
    """

    def __init__(self, names: Iterable[str], shortest: int) -> None:
        self._names = frozenset(names)
        self._shortest = shortest
        """Below this length, in letters, one letter more or less says nothing."""
        self._same: dict[str, list[str]] = {}
        self._halves: dict[tuple[int, str], list[tuple[str, str]]] = {}
        for name in sorted(self._names):
            own = skeleton(name)
            _put(self._same.setdefault(own, []), name)
            for half in _halves(own, len(own)):
                _put(self._halves.setdefault(half, []), (own, name))

    def like(self, name: str) -> Iterator[str]:
        """The other names that look like this one, at most some."""
        own = skeleton(name)
        same = self._same.get(own, ())
        yield from (other for other in same if other != name)
        if len(own) < self._shortest:
            return
        told = {name, *same}
        for length in (len(own) - 1, len(own), len(own) + 1):
            for half in _halves(own, length):
                for other, its_name in self._halves.get(half, ()):
                    if its_name not in told and len(other) == length and near(own, other):
                        told.add(its_name)
                        yield its_name


def _put(bucket: list[T], item: T) -> None:
    if len(bucket) < _BUCKET:
        bucket.append(item)


def _halves(text: str, length: int) -> Iterator[tuple[int, str]]:
    """Beginning and end of a text that would be of this length, with where they lie."""
    middle = length // 2
    yield 0, text[:middle]
    yield 1, text[len(text) - (length - middle - 1) :]
