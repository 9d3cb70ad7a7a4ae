"""The editors made from VS Code's source, and where each of their builds keeps a user's settings and extensions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import tomli

_START = "{editor"


class Editor(NamedTuple):
    """Path templates of one editor."""

    user: tuple[str, ...]
    """Folders called `User`, on every system."""
    linux: tuple[str, ...]
    """Further ones on Linux."""
    extensions: tuple[str, ...]


@cache
def editors() -> dict[str, Editor]:
    """By name, which is the catalog id where the editor is a client itself."""
    text = Path(__file__).with_name("editors.toml").read_text(encoding="utf-8")
    return {
        name: Editor(*(tuple(entry.get(key, ())) for key in ("user", "linux", "extensions")))
        for name, entry in tomli.loads(text).items()
    }


def expanded(template: str, os: str) -> Iterator[str]:
    """The template itself, or one for each folder that `{editor}` or `{editor:NAME}` at its start stands for."""
    if not template.startswith(_START):
        yield template
        return
    start, _, rest = template.partition("/")
    name = start[len(_START) : -1].removeprefix(":")
    for editor in (editors()[name],) if name else editors().values():
        yield from (f"{folder}/{rest}" for folder in (*editor.user, *(editor.linux if os == "linux" else ())))


def extension_folders() -> tuple[str, ...]:
    """Where the editors' extensions lie."""
    return tuple(folder for editor in editors().values() for folder in editor.extensions)
