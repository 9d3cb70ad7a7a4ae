"""Files, plug-ins and texts that starts of clients bring in by their arguments and their environment."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from collectors.catalog.brings import Brings
from collectors.catalog.client import SERVERS_OF_A_START, Client, ConfigFile
from collectors.catalog.permissions import PosturePart
from collectors.catalog.starts import values
from collectors.contract import Context
from collectors.locate.declared import local
from collectors.locate.interest import Interest, Part, Root
from collectors.locate.starts import Start
from collectors.sources.account import Home
from collectors.sources.formats.documents import UnparseableError, parse

_MOST_TEXT = 128 * 1024


class BroughtFile(NamedTuple):
    """A file that is named, with how it is read."""

    path: str
    interests: tuple[Interest, ...]


class BroughtText(NamedTuple):
    """A document that is given in place of a file."""

    document: object
    interests: tuple[Interest, ...]
    source: str
    option: str


class NotFollowed(NamedTuple):
    """What is brought in and cannot be known."""

    client: Client
    source: str
    option: str
    why: str


Brought = BroughtFile | BroughtText | Root | NotFollowed


def brought(context: Context, home: Home, starts: Iterable[Start]) -> Iterator[Brought]:
    """What these starts bring in."""
    for start in starts:
        for brings in start.client.brings:
            given = [*values(brings.options, start.args, brings.many)]
            given += [(name, value) for name, value in start.variables if name in brings.variables]
            if brings.assigns:
                yield from _assigned(context, start, brings, given)
                continue
            for number, (option, value) in enumerate(given):
                if brings.entry:
                    name = option.lstrip("-") + (f"-{number + 1}" if number else "")
                    document = {"mcpServers": {name: {"name": name, brings.entry: value}}}
                    yield BroughtText(document, _interests(context, start, brings, True), start.source, option)
                elif not brings.replaces:
                    yield from _one(context, home, start, brings, option, value)


def _one(context: Context, home: Home, start: Start, brings: Brings, option: str, value: str) -> Iterator[Brought]:
    is_path = value.startswith(brings.mark) if brings.mark else not value.lstrip().startswith(("{", "["))
    if brings.inside or (brings.text and not is_path):
        given = _text(context, start, brings, option, value)
        if brings.each and isinstance(given, BroughtText):
            each = given.document.values() if isinstance(given.document, dict) else ()
            yield from (given._replace(document=document) for document in each)
        else:
            yield given
        return
    path = local(value.removeprefix(brings.mark), home, start.folder)
    if path is None:
        if value:
            yield NotFollowed(start.client, start.source, option, "where it lies is not known")
    elif brings.plugin:
        yield Root("extension", path, path.rpartition("/")[2], start.client.id)
    else:
        paths = _folder(context, home, brings, path) if context.files.is_folder(path, home) else [path]
        yield from (BroughtFile(path, _interests(context, start, brings, as_text=False)) for path in paths)


def _folder(context: Context, home: Home, brings: Brings, path: str) -> list[str]:
    """The files of a folder that are read where one may be given in place of a file."""
    pattern = brings.reads.rpartition("/")[2]
    return list(context.files.glob(f"{path}/{pattern}", home)) if "*" in pattern else []


def _text(context: Context, start: Start, brings: Brings, option: str, value: str) -> Brought:
    try:
        document = _value(context, value) if brings.inside else _parsed(context, value)
    except UnparseableError:
        return NotFollowed(start.client, start.source, option, "it is not understood")
    for key in reversed(brings.inside.split(".")) if brings.inside else ():
        document = {key: document}
    return BroughtText(document, _interests(context, start, brings, as_text=True), start.source, option)


def _assigned(
    context: Context, start: Start, brings: Brings, given: Iterable[tuple[str, str]]
) -> Iterator[BroughtText]:
    """All that is assigned in one start is one document."""
    document: dict[str, Any] = {}
    for _, value in given:
        at, sign, text = value.partition("=")
        *above, last = (part.strip().strip("\"'") for part in at.split("."))
        place = document
        for key in above:
            inner = place.setdefault(key, {})
            place = inner if isinstance(inner, dict) else {}
        if sign and last:
            place[last] = _toml(text.strip())
    if document:
        interests = _interests(context, start, brings, as_text=True)
        yield BroughtText(document, interests, start.source, brings.options[0])


def _toml(text: str) -> object:
    """As Codex reads it: TOML, else the text itself."""
    if len(text) > _MOST_TEXT:
        return text[:_MOST_TEXT]
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text.strip("\"'")


def _parsed(context: Context, text: str) -> Any:
    return parse(text[:_MOST_TEXT].encode("utf-8", "replace"), "json", context.limits).value


def _value(context: Context, text: str) -> Any:
    """A text that spells a value of another type is that value."""
    if text.lstrip()[:1] in ("{", "[") or text in ("true", "false") or text.isdigit():
        return _parsed(context, text) if text[:1] in "{[ " else json.loads(text)
    return text


def _interests(context: Context, start: Start, brings: Brings, as_text: bool) -> tuple[Interest, ...]:
    """Those of the client in the file that this is read like; what it restricts binds no other start."""
    client = start.client
    if not brings.reads:
        return (Interest(client, SERVERS_OF_A_START),)
    parts: list[Part] = [*client.config, *client.artifact, *client.provider]
    parts += (part for posture in client.posture for part in posture.parts)
    found = (
        part for part in parts if brings.reads in getattr(part, "paths", ()) or brings.reads in part.on(context.os)
    )
    return tuple(Interest(client, _as_given(part, as_text)) for part in found)


def _as_given(part: Part, as_text: bool) -> Part:
    """As the user's, of settings only what loosens; a text is JSON, whatever the file would be."""
    matter = getattr(part, "format", "") == "front_matter"  # in it servers may be named that are defined elsewhere
    update: dict[str, Any] = {"scope": "user", **({"format": "json"} if as_text and not matter else {})}
    if isinstance(part, PosturePart):
        return PosturePart(part.file.model_copy(update={**update, "only_loosens": True, "started": True}), part.posture)
    if isinstance(part, ConfigFile):
        return part.model_copy(update={**update, "shared": False, "only_if": None, "last_resort": False})
    return part.model_copy(update=update)
