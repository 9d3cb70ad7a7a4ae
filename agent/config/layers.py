"""Layers of settings, and which of them each value in force came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.runtime.toml_lines import line_of

Location = tuple[str, ...]
"""Section and key, as in `("collect", "process_seconds")`."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What one place says."""

    name: str
    """`managed`, `environment` or `file`."""
    place: str
    """The file, for people."""
    values: Mapping[str, Any]
    text: str = ""
    """Of a TOML file, in which lines can be named."""
    variables: Mapping[Location, str] = field(default_factory=dict)
    """The name of each environment variable, by the key that it sets."""

    def where(self, location: Sequence[str]) -> str:
        """File and line, or the environment variable, of a key or of the nearest thing above or below it."""
        if self.variables:
            found = (name for at, name in self.variables.items() if _related(at, location))
            return f"environment variable {next(found, '')}"
        line = line_of(self.text, location) if self.text else None
        return f"{self.place}:{line}" if line else self.place


class Layers:
    """All layers, the weakest first: a table is joined key by key, any other value replaced whole."""

    def __init__(self, layers: Iterable[Layer]) -> None:
        self.values: dict[str, Any] = {}
        self._from: dict[Location, Layer] = {}
        for layer in layers:
            self._take(self.values, layer.values, layer, ())

    def source(self, location: Sequence[str]) -> Layer | None:
        """The layer that a value came from, or the table around it; None where nobody said anything."""
        at = tuple(location)
        above = (self._from[at[:end]] for end in range(len(at), 0, -1) if at[:end] in self._from)
        below = (layer for key, layer in self._from.items() if _related(key, at))
        return next(above, None) or next(below, None)

    def _take(self, base: dict[str, Any], values: Mapping[str, Any], layer: Layer, above: Location) -> None:
        for key, value in values.items():
            here = (*above, str(key))
            if isinstance(value, Mapping):
                if not isinstance(base.get(key), dict):
                    base[key] = {}
                    self._from.pop(here, None)
                self._take(base[key], value, layer, here)
            else:
                base[key] = value
                self._from = {at: by for at, by in self._from.items() if at[: len(here)] != here} | {here: layer}


def _related(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether one of two keys is the other, or stands within it."""
    return all(a == b for a, b in zip(one, other, strict=False))
