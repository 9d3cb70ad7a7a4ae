"""Value paths of the catalog, made ready: the values of an entry that they lead to, and conditions on these."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from collectors.catalog.actions import Comparison, Condition, Paths

_MOST_VALUES = 10_000
_MOST_TEXT = 100_000
"""Characters of a text that is looked into."""


class Entry:
    """One line, document or row, or an element of one."""

    __slots__ = ("captures", "value", "within")

    def __init__(self, value: Any, captures: tuple[str, ...] = (), within: Entry | None = None) -> None:
        self.value = value
        self.captures = captures
        """What each `*` of the file's path stood for."""
        self.within = within
        """That which it is an element of."""


Values = Callable[[Entry], Iterator[Any]]
First = Callable[[Entry], Any]


def values(paths: Paths) -> Values:
    """Every value at the paths that is not null, at most 10,000."""
    ready = [_values(path) for path in _several(paths)]
    return lambda entry: islice((value for found in ready for value in found(entry)), _MOST_VALUES)


def first(paths: Paths) -> First:
    """The first value at the paths; None where there is none."""
    ready = [_first(path) for path in _several(paths)]
    if len(ready) == 1:
        return ready[0]
    return lambda entry: next((value for found in ready if (value := found(entry)) is not None), None)


def elements(paths: Paths) -> Callable[[Entry], Iterable[Entry]]:
    """The elements that `each` leads to; the entry itself without one."""
    ready = [[values(step) for step in path.split(">")] for path in _several(paths)]
    if not ready:
        return lambda entry: (entry,)
    return lambda entry: (element for steps in ready for element in _steps(entry, steps))


def condition(conditions: Mapping[str, Condition]) -> Callable[[Entry], bool]:
    """Whether all the conditions hold."""
    ready = [_condition(path, wanted) for path, wanted in conditions.items()]
    if len(ready) == 1:
        return ready[0]
    if len(ready) == 2:
        one, other = ready
        return lambda entry: one(entry) and other(entry)
    return lambda entry: all(holds(entry) for holds in ready)


def matched(text: object, pattern: str) -> re.Match[str] | None:
    """Where the pattern is found in a text."""
    return _pattern(pattern).search(text[:_MOST_TEXT]) if isinstance(text, str) else None


def _several(paths: Paths) -> list[str]:
    return [path for path in ((paths,) if isinstance(paths, str) else paths) if path]


def _steps(entry: Entry, steps: list[Values]) -> Iterator[Entry]:
    for value in steps[0](entry):
        element = Entry(value, entry.captures, entry)
        if len(steps) == 1:
            yield element
        else:
            yield from _steps(element, steps[1:])


def _condition(path: str, wanted: Condition) -> Callable[[Entry], bool]:
    if isinstance(wanted, Comparison) and wanted.present is not None:
        found, present = first(path), wanted.present
        return lambda entry: (found(entry) is not None) == present
    fits = _fitting(wanted)
    if "[" in path:
        every = values(path)
        return lambda entry: any(fits(value) for value in every(entry))
    only = first(path)
    return lambda entry: fits(only(entry))


def _fitting(wanted: Condition) -> Callable[[Any], bool]:
    if isinstance(wanted, Comparison) and wanted.matches is not None:
        search = _pattern(wanted.matches).search
        return lambda value: isinstance(value, str) and search(value[:_MOST_TEXT]) is not None
    if isinstance(wanted, Comparison):
        differs = wanted.differs
        return lambda value: value is not None and not _equal(value, differs)
    if isinstance(wanted, tuple):
        return lambda value: isinstance(value, str) and value in wanted
    if isinstance(wanted, str):
        return lambda value: bool(value == wanted)
    return lambda value: _equal(value, wanted)


def _equal(value: object, expected: object) -> bool:
    return value == expected and isinstance(value, bool) == isinstance(expected, bool)


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.DOTALL)


def _values(path: str) -> Values:
    if "[" not in path:
        only = _first(path)
        return lambda entry: iter(() if (value := only(entry)) is None else (value,))
    ups, components = _components(path)
    return lambda entry: _walk(_above(entry, ups), components, 0)


def _first(path: str) -> First:
    if path[0] == "=":
        return lambda entry: path[1:]
    if path[0] == "*":
        index = int(path[1:]) - 1
        return lambda entry: entry.captures[index] if index < len(entry.captures) else None
    ups, components = _components(path)
    if "[]" in components or "!" in components:
        return lambda entry: next(_walk(_above(entry, ups), components, 0), None)

    if len(components) == 1 and not ups:
        return _key_of(components[0])

    def plain(entry: Entry) -> Any:
        value = entry.value if not ups else _above(entry, ups)
        for name in components:
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return value

    return plain


def _key_of(name: str) -> First:
    def key(entry: Entry) -> Any:
        value = entry.value
        return value.get(name) if isinstance(value, dict) else None

    return key


def _above(entry: Entry, ups: int) -> Any:
    around: Entry | None = entry
    for _ in range(ups):
        around = around.within if around else None
    return around.value if around else None


def _components(path: str) -> tuple[int, tuple[str, ...]]:
    """How many elements up a path starts, and its components."""
    rest = path.lstrip("^")
    found: list[str] = []
    for part in re.split(r"(?<!\\)\.", rest):
        name = part.rstrip("[]!")
        found += [name.replace("\\.", ".")] if name else []
        found += re.findall(r"\[\]|!", part[len(name) :])
    return len(path) - len(rest), tuple(found)


def _walk(value: Any, components: tuple[str, ...], index: int) -> Iterator[Any]:
    if index == len(components):
        if value is not None:
            yield value
        return
    component = components[index]
    if component == "[]":
        for element in value if isinstance(value, list) else ():
            yield from _walk(element, components, index + 1)
    elif component == "!":
        yield from _walk(_json(value), components, index + 1)
    elif isinstance(value, dict) and component in value:
        yield from _walk(value[component], components, index + 1)


def _json(value: object) -> object:
    """A text read as JSON; what is no text stays as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None
