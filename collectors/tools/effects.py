"""What a tool seems to do: classes of effect, inferred from its name, its parameters and what it declares."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import tomli

from agent.records.tool_list import EFFECTS, Effect, Hint

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


class _Signs(NamedTuple):
    """The words that show one effect."""

    effect: Effect
    any: frozenset[str] = frozenset()
    verbs: frozenset[str] = frozenset()
    nouns: frozenset[str] = frozenset()
    parameters: frozenset[str] = frozenset()
    but: frozenset[str] = frozenset()
    alone: frozenset[str] = frozenset()

    def fit(self, words: Collection[str], parameters: Collection[str]) -> bool:
        if not self.but.isdisjoint(words):
            return False
        if not self.any.isdisjoint(words):
            return True
        if not self.alone.isdisjoint(parameters):
            return True
        named = not self.nouns.isdisjoint(words) or not self.parameters.isdisjoint(parameters)
        return named and not self.verbs.isdisjoint(words)


def effects_of(name: str, parameters: Iterable[str], hints: Collection[Hint] = ()) -> tuple[Effect, ...]:
    """The effects that the signs show. A hint can add one and takes none away: it is the server's own word."""
    words = {word.lower() for word in _WORD.findall(name)}
    asked = frozenset(parameters)
    found = {signs.effect for signs in _signs() if signs.fit(words, asked)}
    if "open_world" in hints:
        found.add("network")
    return _shared(tuple(effect for effect in EFFECTS if effect in found))


@lru_cache(maxsize=128)
def _shared(effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """Equal ones are the same object: there are few."""
    return effects


@lru_cache(maxsize=1)
def _signs() -> tuple[_Signs, ...]:
    entries = tomli.loads((Path(__file__).parent / "effects.toml").read_text(encoding="utf-8"))
    return tuple(
        _Signs(effect, **{name: frozenset(words) for name, words in entries[effect].items()}) for effect in EFFECTS
    )
