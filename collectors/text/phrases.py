"""Where a text says to a model, or to a shell, what no description has to say. All take plain lower case text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final

import tomli

from collectors.text.patterns import found

_FORBIDS: Final = re.compile(r"\b(?:never|not|n't|avoid|no)\s+(?:\w+\s+)?\Z")
"""Before a request: it is one to refrain."""
_LINE: Final = 400


@cache
def _installers() -> tuple[str, ...]:
    told = tomli.loads(files("collectors.text").joinpath("hosts.toml").read_text(encoding="utf-8"))
    return tuple(told["installer"]["starts"])


def addressed(text: str, tool: bool = False) -> Iterator[int]:
    """Where the model is told about other tools, earlier instructions, or what not to tell."""
    yield from found("addressed", text)
    if tool:
        yield from found("tool_addressed", text)


def secrets(text: str, tool: bool = False) -> Iterator[int]:
    """Where keys, passwords, private files or what was said are asked for."""
    for sort in ("secrets", "tool_secrets") if tool else ("secrets",):
        yield from (at for at in found(sort, text) if not _FORBIDS.search(text, max(0, at - 24), at))


def downloads(text: str) -> Iterator[int]:
    """Where something is fetched and run, other than by the line that a well-known tool is installed by."""
    for at in found("download", text):
        if not any(start in text[at : at + _LINE] for start in _installers()):
            yield at


def configurations(text: str) -> Iterator[int]:
    """Where files are changed that agents or logins are set up with."""
    return found("configuration", text)


def exfiltrations(text: str) -> Iterator[int]:
    """Where something is sent that should stay, or to a host that is made for collecting what others send."""
    return found("exfiltration", text)


def unreadables(text: str) -> Iterator[int]:
    """Where a text is decoded to be run, or written so that nobody can read it."""
    return found("unreadable", text)


def instructions(text: str) -> Iterator[int]:
    """Where a text has the tone of an order to a model: what people say to each other has it too."""
    return found("instruction", text)
