"""The line of a key in a TOML text, for error messages: the standard library's parser keeps no positions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence

_BARE = re.compile(r"[A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]++)*+")


def line_of(text: str, location: Sequence[str]) -> int | None:
    """Line number, from 1, of the key at `location`, or of the nearest table above it; None when nothing matches."""
    return KeyLines(text).line(location)


class KeyLines:
    """The lines of all keys of a text, found in one pass: a text may have an error in every line.

    Elements of an array of tables are counted: `("target", "1", "url")` is `url` below the second `[[target]]`.
    """

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str, ...], int] = {}
        table: list[str] = []
        seen: dict[str, int] = {}
        for number, line in enumerate(text.splitlines(), 1):
            header = line.strip().split("#")[0].strip()
            if header.startswith("["):
                table = _table(header, seen)
                here = table
            elif "=" in line and not line.lstrip().startswith("#"):
                here = [*table, *_key(line.partition("=")[0])]
            else:
                continue
            self._lines.setdefault(tuple(here), number)
            if header.startswith("[["):  # the header of an array's element also names the array
                self._lines.setdefault(tuple(here[:-1]), number)

    def by_path(self) -> dict[str, int]:
        """The line of each key by its path, its parts joined by dots."""
        return {".".join(path): line for path, line in self._lines.items()}

    def line(self, location: Sequence[str]) -> int | None:
        """Of the key at `location`, or of the nearest table above it; None when nothing matches."""
        above = (tuple(location[:end]) for end in range(len(location), 0, -1))
        return next((self._lines[path] for path in above if path in self._lines), None)


def _table(header: str, seen: dict[str, int]) -> list[str]:
    """Where a header stands: below an array of tables, in its element so far."""
    *above, last = _key(header.strip("[] ")) or [""]
    path: list[str] = []
    for name in above:
        path.append(name)
        if ".".join(path) in seen:
            path.append(str(seen[".".join(path)]))
    path.append(last)
    name = ".".join(path)
    if header.startswith("[["):
        seen[name] = seen.get(name, -1) + 1
        return [*path, str(seen[name])]
    return path


def _key(text: str) -> list[str]:
    """The parts of a dotted key, quoted or not."""
    if _BARE.fullmatch(text.strip()):
        return text.strip().split(".")
    try:
        value: object = tomllib.loads(f"{text.strip()} = 0")
    except tomllib.TOMLDecodeError:
        return []
    parts: list[str] = []
    while isinstance(value, dict):
        key, value = next(iter(value.items()))
        parts.append(key)
    return parts
