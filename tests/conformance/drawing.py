"""Settings by chance: some of those that a client knows, in some of its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

Spaces = Mapping[str, Sequence[object]]
"""Values to choose from, by key path; a list in a list is chosen as a whole."""


def document(random: Random, spaces: Spaces, chance: float = 0.3) -> dict[str, object]:
    """One document with some of the keys."""
    made: dict[str, object] = {}
    for path, values in spaces.items():
        if random.random() < chance:
            *folders, last = path.split(".")
            table: dict[str, object] = made
            for folder in folders:
                inner = table.setdefault(folder, {})
                assert isinstance(inner, dict)
                table = inner
            table[last] = random.choice(values)
    return made


def lists(random: Random, items: Sequence[str], most: int = 2) -> list[list[str]]:
    """Some lists of these items to choose from."""
    return [random.sample(items, random.randint(1, most)) for _ in range(4)]


def joined(first: Mapping[str, object], second: Mapping[str, object]) -> dict[str, object]:
    """Two documents as one, the second before the first."""
    both = dict(first)
    for key, value in second.items():
        before = both.get(key)
        both[key] = joined(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return both
