"""Value paths of the catalog, made ready: the values of an entry that they lead to, and conditions on these."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from collectors.catalog.actions import Comparison, Condition, Paths
from collectors.transcripts.compiled import Code

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


class Scope:
    """Where a path starts in a function that is being written: the variables of an element and of those around it."""

    def __init__(self, code: Code, captures: str, *around: str) -> None:
        self.code = code
        self._captures = captures
        self._around = around
        """The entry itself first, the element that is looked at last."""

    @classmethod
    def of_entry(cls, code: Code, depth: int) -> Scope:
        """Of the `Entry` that the function is given, and of the `depth` entries around that."""
        around = (f"above(entry, {up})" for up in range(depth, 0, -1))
        return cls(code, "entry.captures", *around, "entry.value")

    def inside(self, element: str) -> Scope:
        """Of an element of what is looked at here."""
        return Scope(self.code, self._captures, *self._around, element)

    def first(self, paths: Paths) -> str:
        """An expression: the first value at the paths that is not null."""
        *before, found = [self._first(path) for path in several(paths)] or ["None"]
        for value in reversed(before):
            found = f"(f if (f := {value}) is not None else {found})"
        return found

    def values(self, paths: Paths) -> str:
        """An expression: every value at the paths that is not null, at most 10,000."""
        found = [self._values(path) for path in several(paths)]
        return found[0] if len(found) == 1 else f"islice(({''.join(f'*{each}, ' for each in found)}), {_MOST_VALUES})"

    def holds(self, conditions: Mapping[str, Condition]) -> str:
        """An expression: whether all the conditions hold."""
        return " and ".join(self._condition(path, wanted) for path, wanted in conditions.items()) or "True"

    def _base(self, ups: int) -> str:
        base = self._around[-1 - ups] if ups < len(self._around) else "None"
        return base if base.isidentifier() else self.code.variable(base)

    def _get(self, value: str, key: str) -> str:
        return self.code.variable(f"{value}.get({key!r}) if {value}.__class__ is dict else None")

    def _first(self, path: str) -> str:
        if path[0] == "=":
            return self.code.constant(path[1:])
        if path[0] == "*":
            index = int(path[1:]) - 1
            captures = self.code.variable(self._captures)
            return f"({captures}[{index}] if {index} < len({captures}) else None)"
        ups, components = _components(path)
        value = self._base(ups)
        for place, component in enumerate(components):
            if component in ("[]", "!"):
                # No variable: it takes long, and mostly what is asked before decides.
                return f"next(walk({value}, {self.code.constant(components[place:])}, 0), None)"
            value = self._get(value, component)
        return value

    def _values(self, path: str) -> str:
        if "[" not in path:
            value = self._first(path)
            return f"(() if {value} is None else ({value},))"
        ups, components = _components(path)
        value = self._base(ups)
        while components[0] not in ("[]", "!"):
            value, components = self._get(value, components[0]), components[1:]
        if components == ("[]",):
            return f"present({value})"
        return f"islice(walk({value}, {self.code.constant(components)}, 0), {_MOST_VALUES})"

    def _condition(self, path: str, wanted: Condition) -> str:
        if isinstance(wanted, Comparison) and wanted.present is not None:
            return f"{self._first(path)} is {'not ' if wanted.present else ''}None"
        if "[" in path:
            return f"any({self._fits('x', wanted)} for x in {self.values(path)})"
        return self._fits(self._first(path), wanted)

    def _fits(self, value: str, wanted: Condition) -> str:
        once = value if value.isidentifier() else f"(w := {value})"
        again = value if value.isidentifier() else "w"
        if isinstance(wanted, Comparison) and wanted.matches is not None:
            search = self.code.constant(_pattern(wanted.matches).search)
            return f"({once}.__class__ is str and {search}({again}[:{_MOST_TEXT}]) is not None)"
        if isinstance(wanted, Comparison):
            return f"({once} is not None and not equal({again}, {self.code.constant(wanted.differs)}))"
        if isinstance(wanted, tuple):
            return f"({once}.__class__ is str and {again} in {self.code.constant(frozenset(wanted))})"
        if isinstance(wanted, str):
            return f"{value} == {wanted!r}"
        if isinstance(wanted, bool):
            return f"{value} is {wanted}"
        return f"equal({value}, {wanted!r})"


First = Callable[[Entry], Any]


def first(paths: Paths) -> First:
    """The first value at the paths; None where there is none."""
    code = Code("entry", NAMES)
    code.line(f"return {Scope.of_entry(code, _depth(several(paths))).first(paths) if paths else None}")
    return code.function()


def elements(paths: Paths) -> Callable[[Entry], Iterable[Entry]]:
    """The elements that `each` leads to; the entry itself without one."""
    ready = [[_every(step) for step in path.split(">")] for path in several(paths)]
    if not ready:
        return lambda entry: (entry,)
    return lambda entry: (element for steps in ready for element in _steps(entry, steps))


def condition(conditions: Mapping[str, Condition]) -> Callable[[Entry], bool]:
    """Whether all the conditions hold."""
    code = Code("entry", NAMES)
    code.line(f"return {Scope.of_entry(code, _depth(conditions)).holds(conditions)}")
    return code.function()


def matched(text: object, pattern: str) -> re.Match[str] | None:
    """Where the pattern is found in a text."""
    return _pattern(pattern).search(text[:_MOST_TEXT]) if isinstance(text, str) else None


def several(paths: Paths) -> list[str]:
    return [path for path in ((paths,) if isinstance(paths, str) else paths) if path]


def _depth(paths: Iterable[str]) -> int:
    """How many elements up the paths start at most."""
    return max((len(path) - len(path.lstrip("^")) for path in paths), default=0)


def _every(path: str) -> Callable[[Entry], Iterable[Any]]:
    code = Code("entry", NAMES)
    code.line(f"return {Scope.of_entry(code, _depth([path])).values(path)}")
    return code.function()


def _steps(entry: Entry, steps: list[Callable[[Entry], Iterable[Any]]]) -> Iterator[Entry]:
    for value in steps[0](entry):
        element = Entry(value, entry.captures, entry)
        if len(steps) == 1:
            yield element
        else:
            yield from _steps(element, steps[1:])


def _above(entry: Entry, ups: int) -> Any:
    around: Entry | None = entry
    for _ in range(ups):
        around = around.within if around else None
    return around.value if around else None


def _equal(value: object, expected: object) -> bool:
    return value == expected and isinstance(value, bool) == isinstance(expected, bool)


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.DOTALL)


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


def _present(value: Any) -> Sequence[Any]:
    """The elements of a list that are not null."""
    return [one for one in value[:_MOST_VALUES] if one is not None] if value.__class__ is list else ()


def _json(value: object) -> object:
    """A text read as JSON; what is no text stays as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


NAMES: dict[str, Any] = {"above": _above, "present": _present, "walk": _walk, "equal": _equal, "islice": islice}
"""What expressions of a `Scope` call by name."""
