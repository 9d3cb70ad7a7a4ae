"""What was concluded from the same records the last time: not concluded again, and the same object still."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from operator import is_
from typing import Any, TypeVar, cast

T = TypeVar("T")


class DerivationCache:
    """Holds conclusions for one turn: what was not asked for in a whole turn is forgotten at its end."""

    def __init__(self, keep: bool = True, beside: DerivationCache | None = None) -> None:
        """`keep` is false where there will be no second turn; what is known `beside` is not concluded again."""
        self._keep = keep
        self._beside = beside
        self._last: dict[Hashable, tuple[tuple[object, ...], Any]] = {}
        self._now: dict[Hashable, tuple[tuple[object, ...], Any]] = {}

    def get(self, key: Hashable, parts: tuple[object, ...], conclude: Callable[[], T]) -> T:
        """The conclusion `key` from these very objects; equal ones that were made anew count as others."""
        known = self._known(key, parts) or (parts, conclude())
        if self._keep:
            self._now[key] = known
        return cast(T, known[1])

    def turn(self) -> None:
        """Begin anew."""
        self._last, self._now = self._now, {}

    def _known(self, key: Hashable, parts: tuple[object, ...]) -> tuple[tuple[object, ...], Any] | None:
        known = self._last.get(key)
        if known and len(known[0]) == len(parts) and all(map(is_, known[0], parts)):
            return known
        return self._beside._known(key, parts) if self._beside else None
