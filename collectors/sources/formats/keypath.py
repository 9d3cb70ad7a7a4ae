"""The key path language of the catalog: which values of a parsed document an `at` names.

Components are separated by dots. `*` matches every key of a map and captures it, `[]` after a component steps into
each element of a list, and a literal key that itself contains dots is found too: `mcp.servers` names both
`{"mcp": {"servers": …}}` and `{"mcp.servers": …}`. An empty path is the document.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

_MAX_FOUND = 100_000
_ANY, _EACH = "*", "[]"


class Found(NamedTuple):
    """One value that a key path led to."""

    captures: tuple[str, ...]
    """The keys that `*` stood for, from left to right."""
    key: str
    """The path with those keys and list positions filled in: `projects./home/a.mcpServers`, `plugins.x[0].path`."""
    value: object


def find(value: object, at: str) -> Iterator[Found]:
    """Every value at the path, in document order and at most 100,000; a level of another type than the path needs
    holds none."""
    return islice(_walk(value, _components(at), 0, (), ""), _MAX_FOUND)


@lru_cache(maxsize=256)
def _components(at: str) -> tuple[str, ...]:
    components: list[str] = []
    for part in at.split(".") if at else ():
        name = part.rstrip("[]")
        components += [name] if name else []
        components += [_EACH] * part.count(_EACH)
    return tuple(components)


def _walk(
    value: object, components: tuple[str, ...], index: int, captures: tuple[str, ...], key: str
) -> Iterator[Found]:
    if index == len(components):
        yield Found(captures, key, value)
    elif components[index] == _EACH:
        for position, element in enumerate(value if isinstance(value, list) else ()):
            yield from _walk(element, components, index + 1, captures, f"{key}[{position}]")
    elif isinstance(value, dict) and components[index] == _ANY:
        for name, element in value.items():
            yield from _walk(element, components, index + 1, (*captures, str(name)), _joined(key, str(name)))
    elif isinstance(value, dict):
        for end in _literal_ends(components, index):
            name = ".".join(components[index:end])
            if name in value:
                yield from _walk(value[name], components, end, captures, _joined(key, name))


def _literal_ends(components: tuple[str, ...], index: int) -> Iterator[int]:
    """Where a literal key that starts here may end: it may take several components."""
    while index < len(components) and components[index] not in (_ANY, _EACH):
        index += 1
        yield index


def _joined(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
