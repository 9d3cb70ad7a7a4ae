"""The line of a key in a TOML text, for error messages: the standard library's parser keeps no positions."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence


def line_of(text: str, location: Sequence[str]) -> int | None:
    """Line number, from 1, of the key at `location`, or of the nearest table above it; None when nothing matches.

    Elements of an array of tables are counted: `("target", "1", "url")` is `url` below the second `[[target]]`.
    """
    best: tuple[int, int] | None = None
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
        if here and list(location[: len(here)]) == here and (best is None or len(here) > best[0]):
            best = (len(here), number)
    return best[1] if best else None


def _table(header: str, seen: dict[str, int]) -> list[str]:
    path = _key(header.strip("[] "))
    if header.startswith("[["):
        name = ".".join(path)
        seen[name] = seen.get(name, -1) + 1
        return [*path, str(seen[name])]
    return path


def _key(text: str) -> list[str]:
    """The parts of a dotted key, quoted or not."""
    try:
        value: object = tomllib.loads(f"{text.strip()} = 0")
    except tomllib.TOMLDecodeError:
        return []
    parts: list[str] = []
    while isinstance(value, dict):
        key, value = next(iter(value.items()))
        parts.append(key)
    return parts
