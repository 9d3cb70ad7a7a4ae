"""Folders that running clients were told by environment variables to use in place of their usual ones.

Only the variables that the catalog names are looked at; their values are used to find files and are told to nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple, cast

from agent.records import Instance
from collectors.catalog.client import Client
from collectors.catalog.starts import values
from collectors.catalog.templates import template_path
from collectors.contract import Context
from collectors.locate.declared import declared, in_projects, local
from collectors.locate.interest import Root
from collectors.locate.starts import Start
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import UnreadableError
from collectors.sources.process.environment import environment

BASE_FOLDERS = {"XDG_CONFIG_HOME": "~/.config", "XDG_DATA_HOME": "~/.local/share"}
"""Variables that move what every client keeps there (the XDG Base Directory Specification)."""


_PACKAGED = {
    ".var/app": (("~/.config", "config"), ("~/.local/share", "data")),
    "snap": (("~", "current"),),
}
_MOST_PACKAGES = 200


class Moved(NamedTuple):
    """A start of path templates, and the folder that takes its place."""

    client: Client | None
    """Null: all of them."""
    replaces: str
    folder: str
    owner: str | None


def moved(context: Context, owner: str | None = None) -> Iterator[Moved]:
    """What the running agents of one owner, or of all, have moved."""
    for instance in _agents(context):
        client = context.catalog.clients.get(instance.agent or "")
        if client is None or owner not in (None, instance.owner):
            continue
        replaced = [*((override.name, override.replaces) for override in client.override), *BASE_FOLDERS.items()]
        folders = dict(_folders(instance.id, instance.pid, tuple(name for name, _ in replaced)))
        for name, replaces in replaced:
            if folder := folders.get(name):
                yield Moved(client, replaces, folder, instance.owner)


def moved_at_rest(context: Context, home: Home, projects: Iterable[Root] = ()) -> Iterator[Moved]:
    """What the account's profiles, services, wrappers and projects move, whether anything of it runs or not."""
    replaced: dict[str, list[tuple[Client | None, str]]] = {n: [(None, r)] for n, r in BASE_FOLDERS.items()}
    for client in context.catalog.clients.values():
        for override in client.override:
            replaced.setdefault(override.name, []).append((client, override.replaces))
    names, folders = frozenset(replaced), [project.path for project in projects]
    for name, folder in dict.fromkeys((*declared(context, home, names), *in_projects(context, home, folders, names))):
        for mover, replaces in replaced[name]:
            if folder != template_path(replaces, context.os_of(home), home):
                yield Moved(mover, replaces, folder, home.owner)


def moved_by_packaging(context: Context, home: Home) -> Iterator[Moved]:
    """Flatpak gives each application folders of its own, Snap a home of its own."""
    for folder, places in _PACKAGED.items():
        try:
            names = [
                entry.name for entry in islice(context.files.entries(f"{home.path}/{folder}", home), _MOST_PACKAGES)
            ]
        except (FileNotFoundError, UnreadableError):
            continue
        for name in names:
            for replaces, inside in places:
                yield Moved(None, replaces, f"{home.path}/{folder}/{name}/{inside}", home.owner)


def moved_by_starts(home: Home, starts: Iterable[Start]) -> Iterator[Moved]:
    """What options of these starts move: of editors also what their extensions keep there."""
    for start in starts:
        for brings in start.client.brings:
            for _, value in values(brings.options, start.args, many=False) if brings.replaces else ():
                if folder := local(value, home, start.folder):
                    yield Moved(None, brings.replaces, folder, home.owner)


@lru_cache(maxsize=1_024)
def _folders(instance: str, pid: int, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The variables that name a folder; a process keeps those it was started with."""
    return tuple(
        (name, value.rstrip("/"))
        for name, value in environment(pid, names).items()
        if value.startswith("/") and "\0" not in value and len(value) < 4096
    )


def _agents(context: Context) -> Iterator[Instance]:
    instances = (cast(Instance, record) for record in context.view.records("instance"))
    return (instance for instance in instances if instance.subject == "agent")
