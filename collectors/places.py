"""Path templates of the catalog turned into paths of one home, one project or one plug-in folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from collectors.catalog.schema import Client, ConfigFile
from collectors.contract import Context, Home

_FOLDERS = {
    "linux": {"{config}": "~/.config", "{data}": "~/.local/share", "{appdata}": "~/.config"},
    "macos": {
        "{config}": "~/Library/Application Support",
        "{data}": "~/Library/Application Support",
        "{appdata}": "~/Library/Application Support",
    },
    "windows": {"{config}": "~/AppData/Roaming", "{data}": "~/AppData/Local", "{appdata}": "~/AppData/Roaming"},
}


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that project or plug-in templates start at."""

    kind: str
    """project or extension."""
    path: str
    label: str
    """The project's path, or the name of the plug-in."""
    client: str | None = None
    """Catalog id of the only client it concerns: a plug-in belongs to one client, a project to all."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One client's interest in one file."""

    client: Client
    config: ConfigFile
    root: Root | None = None


def template_path(template: str, os: str, home: Home | None, root: Root | None = None) -> str | None:
    """The template with its start filled in; None when it starts at something that is not given."""
    head, _, rest = template.partition("/")
    head = _FOLDERS[os].get(head, head)
    if head.startswith("~"):
        return f"{home.path}{head[1:]}/{rest}" if home and root is None else None
    if head.startswith("{"):
        return f"{root.path}/{rest}" if root and head == f"{{{root.kind}}}" else None
    return template if home is None and root is None else None


def expand(context: Context, templates: Iterable[str], home: Home | None, root: Root | None = None) -> Iterator[str]:
    """Paths the templates stand for, whether they exist or not; those with `*` only as far as they exist."""
    for template in templates:
        path = template_path(template, context.os, home, root)
        if path is None:
            continue
        if "*" in path:
            yield from context.files.glob(path, home)
        else:
            yield path


def expand_folders(context: Context, home: Home | None) -> Iterator[str]:
    """Existing folders in which a new entry may be a new configuration or state file: the fixed part of `*` paths."""
    for client in context.catalog.clients.values():
        for located in (*client.config, *client.roots, *client.install):
            for template in located.on(context.os):
                path = template_path(template, context.os, home)
                if path and "*" in path:
                    folder = path[: path.index("*")].rpartition("/")[0]
                    if context.files.exists(folder, home):
                        yield folder


def plan(context: Context, home: Home | None, roots: Iterable[Root]) -> dict[str, list[Reading]]:
    """Every path that some client would read for this home (None: the machine), with who reads it and as what."""
    places: dict[str, list[Reading]] = {}
    for root in (None, *roots):
        for client in context.catalog.clients.values():
            if root and root.client not in (None, client.id):
                continue
            for config in client.config:
                for path in expand(context, config.on(context.os), home, root):
                    readings = places.setdefault(path, [])
                    # A project that is the home itself makes the user's own file match twice: the first one stands.
                    if not any(reading.client is client for reading in readings):
                        readings.append(Reading(client, config, root))
    return places
