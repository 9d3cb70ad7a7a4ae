"""The tools that one file tells of, by what its client's catalog entry says of such files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import groupby, islice
from typing import NamedTuple

from agent.records import ToolDigest
from collectors.catalog.tools import ToolsAt
from collectors.contract import Context
from collectors.sources.account import Home
from collectors.sources.filesystem.unreadable import UnreadableError
from collectors.sources.formats.documents import UnparseableError, parse
from collectors.sources.formats.keypath import Found, find
from collectors.tools.definition import ToolAsRead, digests
from collectors.tools.entries import entries
from collectors.transcripts.values import Entry, condition, elements, first, matched

_MOST_TOOLS = 2_000
"""Of one file; a server with more is not told whole."""


class Answer(NamedTuple):
    """Tools that stand beside each other, with what their source says around them."""

    server: str
    """As its client calls it."""
    at: datetime | None
    number: int
    """Which entry of its file tells them: of several answers the last one counts."""
    tools: tuple[ToolDigest, ...]


Meaning = Callable[[str], tuple[str, str] | None]
"""Server and tool that a name means which holds both; None where that is not known."""


def read_tools(
    context: Context, home: Home | None, path: str, captures: tuple[str, ...], part: ToolsAt, meaning: Meaning
) -> list[Answer]:
    """At most 2,000 tools and one more where there are more. Raises what opening and parsing the file meets."""
    found = list(islice(tools_of(context, home, path, captures, part, meaning), _MOST_TOOLS + 1))
    each = digests((tool for _, tool, _, _ in found), context.descriptions)
    around = groupby(found, key=lambda one: (one[0], one[2], one[3]))
    return [Answer(*what, tuple(islice(each, sum(1 for _ in beside)))) for what, beside in around]


def tools_of(
    context: Context, home: Home | None, path: str, captures: tuple[str, ...], part: ToolsAt, meaning: Meaning
) -> Iterator[tuple[str, ToolAsRead, datetime | None, int]]:
    """Server, tool with its texts, when that was said, and in which entry of the file. Raises as `read_tools`."""
    reader = _Reader(part, _beside(context, home, path, part), meaning)
    for number, value in enumerate(entries(context, home, path, part)):
        for found in find(value, part.below) if part.below else (Found((), "", value),):
            for server, tool, at in reader.tools(Entry(found.value, (*captures, *found.captures))):
                yield server, tool, at, number


class _Reader:
    """The value paths of a part, made ready."""

    def __init__(self, part: ToolsAt, beside: str | None, meaning: Meaning) -> None:
        self._when = condition(part.when) if part.when else None
        self._where = condition(part.where) if part.where else None
        self._elements = elements(part.each)
        self._server = first(part.server) if part.server else lambda _: beside
        self._at = first(part.at) if part.at else lambda _: None
        self._members = {name: first(paths) for name, paths in part.members.items()}
        self._pattern = part.server_pattern
        self._meaning = meaning if part.joined else None

    def tools(self, entry: Entry) -> Iterator[tuple[str, ToolAsRead, datetime | None]]:
        """Server and tool, and when that was said."""
        if self._when and not self._when(entry):
            return
        for element in self._elements(entry):
            if self._where and not self._where(element):
                continue
            tool = ToolAsRead.of(self._entry(element))
            if tool and (named := self._named(tool, self._server(element))):
                yield *named, _time(self._at(element))

    def _named(self, tool: ToolAsRead, server: object) -> tuple[str, ToolAsRead] | None:
        """The server, and the tool by the name that the server itself gives it."""
        if self._meaning is None:
            if self._pattern:
                match = matched(server, self._pattern)
                server = match[1] if match else None
            return (server, tool) if isinstance(server, str) and server else None
        meant = self._meaning(tool.name)
        return (meant[0], tool._replace(name=meant[1])) if meant else None

    def _entry(self, element: Entry) -> object:
        """The element as an answer to `tools/list` has it."""
        value = element.value
        if isinstance(value, str) and not self._members:
            return {"name": value} if "*" not in value else None  # a pattern names none
        if not self._members or not isinstance(value, dict | str):
            return value
        base = value if isinstance(value, dict) else {}
        return {**base, **{name: read(element) for name, read in self._members.items()}}


def _beside(context: Context, home: Home | None, path: str, part: ToolsAt) -> str | None:
    """The server's name by the file that says it."""
    if part.beside is None:
        return None
    folder, rest = path.rpartition("/")[0], part.beside.path
    while rest.startswith("../"):
        folder, rest = folder.rpartition("/")[0], rest[3:]
    with suppress(FileNotFoundError, UnreadableError, UnparseableError):
        value = parse(context.files.read(f"{folder}/{rest}", home), "json", context.limits).value
        name = value.get(part.beside.server) if isinstance(value, dict) else None
        return name if isinstance(name, str) and name else None
    return None


def _time(value: object) -> datetime | None:
    with suppress(ValueError, OverflowError, OSError):
        if isinstance(value, str):
            told = datetime.fromisoformat(value)
            return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
    return None
