"""YAML as plain values, built from the parser's events so that no text can cost more than its nodes.

Plain scalars mean what the YAML 1.2 core schema says (`yes` and `2026-01-01` are text), as in the clients that use
YAML (Goose: serde_yaml; Continue: the npm package `yaml`). Tags construct nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from collectors.sources.formats.unparseable import Notes, UnparseableError, too_deep

# Aliases count as what they stand for, so this bounds what a reader of the value has to walk.
_MOST_NODES: Final = 200_000
# libyaml compares each %TAG line with all before it: 2 MB of them take 45 s.
_MOST_DIRECTIVES: Final = 100
# The parser in pure Python is a hundred times slower than libyaml.
_MOST_CHARACTERS_SLOW: Final = 200_000

_INT: Final = re.compile(r"[-+]?[0-9]{1,4000}")
_BASED: Final = re.compile(r"0o[0-7]{1,4000}|0x[0-9a-fA-F]{1,4000}")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_CONSTANTS: Final = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def parse_yaml(text: str, depth: int, notes: Notes) -> Any:
    """The first document of a YAML text. The last of several equal keys counts, with a note. Raises
    `UnparseableError`."""
    # One client in seven has YAML: the others need not pay for the import.
    import yaml

    loader_class: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    if loader_class is yaml.SafeLoader and len(text) > _MOST_CHARACTERS_SLOW:
        raise UnparseableError("parse.too_large", f"it is larger than {_MOST_CHARACTERS_SLOW} characters")
    if text.count("\n%") > _MOST_DIRECTIVES:
        raise UnparseableError("parse.too_large", "it holds too many directives")
    try:
        loader = loader_class(text)
        try:
            return _Builder(loader, depth, notes).first_document()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise UnparseableError("parse.yaml", "not valid YAML", line, column) from None
    except (yaml.YAMLError, ValueError):
        raise UnparseableError("parse.yaml", "not valid YAML") from None


class _Anchored:
    """A finished node others may point to: its value, what it costs, and how deep it reaches below itself."""

    __slots__ = ("nodes", "reach", "value")

    def __init__(self, value: Any, nodes: int, reach: int) -> None:
        self.value = value
        self.nodes = nodes
        self.reach = reach


class _Builder:
    def __init__(self, loader: Any, depth: int, notes: Notes) -> None:
        self._next: Callable[[], Any] = loader.get_event
        self._depth = depth
        self._notes = notes
        self._anchors: dict[str, _Anchored] = {}
        self._nodes = 0
        self._deepest = 0

    def first_document(self) -> Any:
        self._next()  # the start of the stream
        if type(self._next()).__name__ == "StreamEndEvent":
            raise UnparseableError("parse.empty", "the file holds only comments")
        value = self._node(self._next(), 1)
        self._next()  # the end of the document
        if type(self._next()).__name__ != "StreamEndEvent":
            self._notes.add("parse.more_documents", "only the first of several documents is read")
        return value

    def _node(self, event: Any, depth: int) -> Any:
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self._alias(event.anchor, depth)
        self._count(1, depth)
        if event.anchor is None:
            return self._content(event, kind, depth)
        nodes, deepest, self._deepest = self._nodes, self._deepest, depth
        value = self._content(event, kind, depth)
        self._anchors[event.anchor] = _Anchored(value, self._nodes - nodes + 1, self._deepest - depth)
        self._deepest = max(deepest, self._deepest)
        return value

    def _content(self, event: Any, kind: str, depth: int) -> Any:
        if kind == "ScalarEvent":
            return self._scalar(event)
        if depth > self._depth:
            raise too_deep()
        return self._mapping(depth + 1) if kind == "MappingStartEvent" else self._sequence(depth + 1)

    def _count(self, nodes: int, depth: int) -> None:
        self._nodes += nodes
        self._deepest = max(self._deepest, depth)
        if self._nodes > _MOST_NODES:
            raise UnparseableError("parse.too_large", "it stands for too many values")

    def _alias(self, anchor: str, depth: int) -> Any:
        anchored = self._anchors.get(anchor)
        if anchored is None:
            raise UnparseableError("parse.yaml", "an alias points to nothing, or to what it stands in")
        self._count(anchored.nodes, depth + anchored.reach)
        if self._deepest > self._depth + 1:
            raise too_deep()
        return anchored.value

    def _sequence(self, depth: int) -> list[Any]:
        items: list[Any] = []
        while type(event := self._next()).__name__ != "SequenceEndEvent":
            items.append(self._node(event, depth))
        return items

    def _mapping(self, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: list[Any] = []
        while type(event := self._next()).__name__ != "MappingEndEvent":
            key = self._key(event, depth)
            value = self._node(self._next(), depth)
            if key == "<<" and isinstance(value, (dict, list)):
                merged += value if isinstance(value, list) else [value]
                continue
            if key in result:
                self._notes.duplicate(key)
            result[key] = value
        for source in merged:
            if isinstance(source, dict):
                self._count(len(source), depth)
                result = {**source, **result}
        return result

    def _key(self, event: Any, depth: int) -> str:
        """Keys are what is written; a key that is itself a list or a mapping has no name and is called `?`."""
        value = self._node(event, depth)
        if type(event).__name__ == "ScalarEvent":
            return str(event.value)
        return value if isinstance(value, str) else "?"

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        plain = event.implicit[0] and event.tag is None
        if not plain and event.tag not in _TYPED:
            return text
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _INT.fullmatch(text):
            return int(text)
        if _BASED.fullmatch(text):
            return int(text, 0)
        if _FLOAT.fullmatch(text):
            return float(text)
        if _NOT_FINITE.fullmatch(text):
            self._notes.not_finite()
            return float(text.replace(".", ""))
        return text


_TYPED: Final = frozenset(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float"))
