"""Values at the key paths of a document, with a note of every one that is not of the type or value it should be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TypeVar

from agent.redaction import redact
from collectors.sources.formats.keypath import Found, find

V = TypeVar("V")
_MOST = 1_000


class Settings:
    """One document or a part of it."""

    def __init__(self, value: object, key: str = "") -> None:
        self._value = value
        self._key = key
        self._unknown: dict[str, None] = {}

    @property
    def unknown(self) -> tuple[str, ...]:
        """Key paths that were not understood, without secrets, at most 50."""
        return tuple(islice(self._unknown, 50))

    def at(self, path: str) -> Iterator[Found]:
        """What stands at a path; null is as good as nothing, and of very many the first thousand count."""
        for key in _misfits(self._value, path):
            self.misunderstood(key)
        for count, found in enumerate(find(self._value, path)):
            if count >= _MOST:
                self.misunderstood(f"{path}[{_MOST}…]")
                return
            if found.value is not None:
                yield found

    def told(self, path: str, values: Mapping[str, V]) -> Iterator[tuple[Found, V | None]]:
        """What stands there and what that means; None where that is not known."""
        for found in self.at(path):
            meaning = values.get(_word(found.value))
            if meaning is None:
                self.misunderstood(found.key)
            if meaning != "unset":
                yield found, meaning

    def holds(self, path: str) -> bool:
        """Whether true stands there; anything but a boolean is noted."""
        return any(meaning == "yes" for _, meaning in self.told(path, {"true": "yes", "false": "unset"}))

    def misunderstood(self, key: str) -> None:
        shown = redact.name(f"{self._key}.{key}" if self._key and key else self._key or key)[:512]
        self._unknown.setdefault(shown or "<document>")


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, int):
        return str(value)
    # A text that spells a boolean or a table is none.
    return (f"'{value}'" if value in ("true", "false", "{}") else value) if isinstance(value, str) else "\0"


def _misfits(value: object, path: str) -> Iterator[str]:
    """Keys of values on the way that are of another type than the path needs."""
    parts = path.replace("[]", ".[]").lstrip(".").split(".") if path else []
    for index, part in enumerate(parts):
        kind = list if part == "[]" else dict
        for found in islice(find(value, ".".join(parts[:index]).replace(".[]", "[]")), _MOST):
            if found.value is not None and not isinstance(found.value, kind):
                yield found.key
