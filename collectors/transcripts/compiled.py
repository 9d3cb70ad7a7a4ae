"""Python source that is put together from the catalog and compiled once: every line of every transcript goes through
it, and doing what a path says takes a tenth of the time of looking up what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


class Code:
    """A function that is being written: its lines, and the objects that these refer to by name."""

    def __init__(self, parameters: str, names: Mapping[str, Any]) -> None:
        self._lines = [f"def compiled({parameters}):"]
        self._names = dict(names)
        self._known: list[dict[str, str]] = [{}]

    def line(self, text: str) -> None:
        """One more line, as deep as the blocks that are open."""
        self._lines.append("    " * len(self._known) + text)

    def open(self, text: str) -> None:
        """A line that begins a block."""
        self.line(text)
        self._known.append(dict(self._known[-1]))

    def close(self) -> None:
        """End the block that was opened last, and forget what only it has worked out."""
        self._known.pop()

    def constant(self, value: object) -> str:
        """What an object is called in the function. A text stands there as what it is."""
        if value is None or isinstance(value, str | bool | int):
            return repr(value)
        name = f"k{len(self._names)}"
        self._names[name] = value
        return name

    def variable(self, expression: str) -> str:
        """A variable that has the value of an expression, worked out once a block."""
        known = self._known[-1]
        if expression not in known:
            known[expression] = f"p{len(self._lines)}"
            self.line(f"{known[expression]} = {expression}")
        return known[expression]

    def function(self) -> Callable[..., Any]:
        """The function, made ready."""
        scope = self._names
        exec("\n".join(self._lines), scope)  # noqa: S102 - paths and texts of the catalog stand in it as literals only
        made: Callable[..., Any] = scope["compiled"]
        return made
