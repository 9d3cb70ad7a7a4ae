"""Folders that running clients were told by environment variables to use in place of their usual ones.

Only the variables that the catalog names are looked at; their values are used to find files and are told to nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple, cast

from agent.records import Instance
from collectors.catalog.client import Client
from collectors.contract import Context
from collectors.sources.process.environment import environment


class Moved(NamedTuple):
    """A start of path templates, and the folder that takes its place."""

    client: Client
    replaces: str
    folder: str
    owner: str | None


def moved(context: Context, owner: str | None = None) -> Iterator[Moved]:
    """What the running agents of one owner, or of all, have moved."""
    for instance in _agents(context):
        client = context.catalog.clients.get(instance.agent or "")
        if client is None or not client.override or owner not in (None, instance.owner):
            continue
        folders = dict(_folders(instance.id, instance.pid, tuple(override.name for override in client.override)))
        for override in client.override:
            if folder := folders.get(override.name):
                yield Moved(client, override.replaces, folder, instance.owner)


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
