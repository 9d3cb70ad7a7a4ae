"""The lines at which the keys of a JSON or YAML text stand: their parsers keep no positions."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any, Final

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|//[^\n]*+|/\*.*?\*/|[\[\]{}]|[^\s,:\[\]{}"/]++', re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)
_MOST_CHARACTERS: Final = 4_000_000
_MOST_DIRECTIVES: Final = 100
"""libyaml compares each with all before it."""
_DEEPEST: Final = 200
_MOST_PATHS: Final = 20_000_000
"""Characters of all paths together."""


def json_key_lines(text: str) -> dict[str, int]:
    """Line, from 1, of each key path, in the spelling of `keypath`; of equal ones the last, which is the one that
    counts. A text that is no JSON gives what was understood of it."""
    walk = _Walk()
    ends = [match.start() for match in re.finditer("\n", text)]
    for token in _TOKEN.finditer(text) if len(text) <= _MOST_CHARACTERS else ():
        if walk.is_lost:
            break
        word, line = token[0], bisect_right(ends, token.start()) + 1
        if word in "{[":
            walk.open(word == "{", line)
        elif word in "}]":
            walk.close()
        elif not word.startswith(("//", "/*")):
            walk.scalar(_unquoted(word), line)
    return walk.lines


def yaml_key_lines(text: str) -> dict[str, int]:
    """The same of the first document of a YAML text."""
    import yaml

    walk = _Walk()
    if len(text) > _MOST_CHARACTERS or text.count("\n%") > _MOST_DIRECTIVES:
        return walk.lines
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        event: Any
        for event in yaml.parse(text, loader):
            if walk.is_lost:
                break
            line = event.start_mark.line + 1
            match type(event).__name__:
                case "MappingStartEvent" | "SequenceStartEvent" as kind:
                    walk.open(kind == "MappingStartEvent", line)
                case "MappingEndEvent" | "SequenceEndEvent":
                    walk.close()
                case "ScalarEvent":
                    walk.scalar(event.value, line)
                case "AliasEvent":
                    walk.scalar("", line)
                case "DocumentEndEvent":
                    break
    except (yaml.YAMLError, UnicodeError):
        pass
    return walk.lines


@dataclass(slots=True)
class _Container:
    path: str
    is_map: bool
    line: int
    in_list: str | None
    """The path of the list that it is an element of."""
    key: str | None = None
    index: int = 0


@dataclass(slots=True)
class _Walk:
    """Where in the document the next token stands: keys and values of a map take turns."""

    lines: dict[str, int] = field(default_factory=dict)
    inside: list[_Container] = field(default_factory=list)
    room: int = _MOST_PATHS

    @property
    def is_lost(self) -> bool:
        """Whether it went deeper, or has longer paths, than anything that a client reads."""
        return len(self.inside) > _DEEPEST or self.room < 0

    def open(self, is_map: bool, line: int) -> None:
        above = self.inside[-1] if self.inside else None
        path = self._value(line)
        in_list = above.path if above and not above.is_map else None
        self.inside.append(_Container(path, is_map, line, in_list))

    def close(self) -> None:
        if self.inside:
            self.inside.pop()

    def scalar(self, text: str, line: int) -> None:
        top = self.inside[-1] if self.inside else None
        if top and top.is_map and top.key is None:
            top.key = text
            self._put(f"{top.path}.{text}" if top.path else text, line)
            return
        if top and top.key == "name" and top.in_list is not None:
            self.lines.setdefault(f"{top.in_list}[{text}]", top.line)
        self._value(line)

    def _value(self, line: int) -> str:
        """The path of the value that begins here."""
        if not self.inside:
            return ""
        top = self.inside[-1]
        if top.is_map:
            key, top.key = top.key or "", None
            return f"{top.path}.{key}" if top.path else key
        path = f"{top.path}[{top.index}]"
        top.index += 1
        self._put(path, line)
        return path

    def _put(self, path: str, line: int) -> None:
        self.room -= len(path)
        self.lines[path] = line


def _unquoted(word: str) -> str:
    if not word.startswith('"'):
        return word
    inner = word[1:-1]
    return _ESCAPE.sub(_unescaped, inner) if "\\" in inner else inner


_NAMED: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def _unescaped(match: re.Match[str]) -> str:
    escape = match[0]
    return chr(int(escape[2:], 16)) if len(escape) == 6 else _NAMED.get(escape[1], escape[1])
