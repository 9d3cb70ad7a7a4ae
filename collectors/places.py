"""Path templates of the catalog as one tree per starting point, and what of it exists on this machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from collectors.catalog.permissions import PosturePart
from collectors.catalog.schema import Artifact, Catalog, Client, ConfigFile, Install, Manifest, Provider, Roots
from collectors.contract import Context, Home
from collectors.sources.files import Unreadable

Part = ConfigFile | Artifact | Provider | PosturePart | Roots | Install | Manifest

_FOLDERS = {
    "linux": {"{config}": "~/.config", "{data}": "~/.local/share", "{appdata}": "~/.config"},
    "macos": {
        "{config}": "~/Library/Application Support",
        "{data}": "~/Library/Application Support",
        "{appdata}": "~/Library/Application Support",
    },
    "windows": {"{config}": "~/AppData/Roaming", "{data}": "~/AppData/Local", "{appdata}": "~/AppData/Roaming"},
}
_LIKE_A_CONFIG = re.compile(r"(?i)[^/]*mcp[^/]*\.(?:jsonc?|toml|ya?ml)")
_FEW = 6
"""A folder with at most this many names of interest is asked for each; otherwise it is listed once."""


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
    """One client's interest in one file, and as what."""

    client: Client
    part: Part
    root: Root | None = None
    captures: tuple[str, ...] = ()
    """What the `*` of the template stood for."""

    @property
    def shared(self) -> bool:
        return isinstance(self.part, ConfigFile) and self.part.shared


@dataclass(slots=True)
class Node:
    """What may lie in one folder: by name, and by pattern where the template has a `*`."""

    names: dict[str, Node] = field(default_factory=dict)
    patterns: dict[str, Node] = field(default_factory=dict)
    readings: list[tuple[Client, Part]] = field(default_factory=list)

    def child(self, component: str) -> Node:
        return (self.patterns if "*" in component else self.names).setdefault(component, Node())

    def wants(self, name: str) -> bool:
        """Whether a file or folder of this name would matter here."""
        return name in self.names or any(_matches(pattern, name) for pattern in self.patterns)

    @property
    def holds_servers(self) -> bool:
        """Whether a file right here may define servers."""
        leaves = (part for child in self.names.values() for _, part in child.readings)
        return any(isinstance(part, ConfigFile) and part.servers for part in leaves)

    def __bool__(self) -> bool:
        return bool(self.names or self.patterns)


@dataclass(slots=True)
class Found:
    """What exists below one starting point."""

    files: dict[str, list[Reading]] = field(default_factory=dict)
    folders: dict[str, Node] = field(default_factory=dict)
    """Existing folders in which something of interest lies or may appear."""
    troubles: dict[str, Unreadable] = field(default_factory=dict)
    """Folders that could not be looked into."""
    unknown: set[str] = field(default_factory=set)
    """Files beside a client's configuration that are named like one and that no client is known to read."""


def template_path(template: str, os: str, home: Home | None) -> str | None:
    """A template that starts at the home, or at the top for the machine; None when it starts elsewhere."""
    head, _, rest = template.partition("/")
    head = _FOLDERS[os].get(head, head)
    if head.startswith("~"):
        return f"{home.path}{head[1:]}/{rest}" if home else None
    return template if home is None and not head.startswith("{") else None


def expand(context: Context, templates: Iterable[str], home: Home | None) -> Iterator[str]:
    """Paths that templates of a home or of the machine stand for; those with `*` only as far as they exist."""
    for template in templates:
        path = template_path(template, context.os, home)
        if path and "*" in path:
            yield from context.files.glob(path, home)
        elif path:
            yield path


class Places:
    """All templates of the catalog for one system, as trees: for homes, the machine, projects and plug-ins."""

    def __init__(self, catalog: Catalog, os: str) -> None:
        self._os = os
        self._trees: dict[str, Node] = {}
        for client in catalog.clients.values():
            parts: list[Part] = [*client.config, *client.artifact, *client.provider, *client.roots, *client.install]
            parts += client.manifest
            parts += (part for posture in client.posture for part in posture.parts)
            for part in parts:
                for template in part.on(os):
                    self._add(client, part, template)

    def of_home(self, context: Context, home: Home) -> Found:
        """What exists below a home."""
        return self._scan(context, home, home.path, "~")

    def of_machine(self, context: Context) -> Found:
        """What exists at absolute places."""
        return self._scan(context, None, "C:" if self._os == "windows" else "", "/")

    def of_root(self, context: Context, home: Home, root: Root) -> Found:
        """What exists in a project or plug-in folder."""
        kind = "{project}" if root.kind == "project" else f"{{extension}}{root.client}"
        return self._scan(context, home, root.path, kind, root)

    def of_moved(self, context: Context, home: Home, client: Client, replaces: str, folder: str) -> Found:
        """What exists where one client was told to look in place of the templates that start with `replaces`."""
        start, _, rest = _split(replaces, self._os)
        node = self._trees.get(start, Node())
        for component in rest.split("/") if rest else ():
            node = node.names.get(component, Node())
        found = Found()
        scan = _Scan(context, home, None, found)
        if node.readings:
            # A single file that moves keeps its name inside the folder.
            scan.folder(folder, Node(names={rest.rpartition("/")[2]: node}), ())
        else:
            scan.folder(folder, node, ())
        found.files = {
            path: own for path, all_ in found.files.items() if (own := [r for r in all_ if r.client is client])
        }
        return found

    def _add(self, client: Client, part: Part, template: str) -> None:
        start, _, rest = _split(template, self._os)
        if start == "{extension}":
            start += client.id
        node = self._trees.setdefault(start, Node())
        for component in rest.split("/"):
            node = node.child(component)
        node.readings.append((client, part))

    def _scan(self, context: Context, home: Home | None, base: str, start: str, root: Root | None = None) -> Found:
        found = Found()
        if start in self._trees:
            _Scan(context, home, root, found).folder(base, self._trees[start], ())
        return found


class _Scan:
    """One walk along a tree of names: each folder on the way is listed or asked once."""

    def __init__(self, context: Context, home: Home | None, root: Root | None, found: Found) -> None:
        self.files = context.files
        self.home = home
        self.root = root
        self.found = found
        self.below = 0
        """How deep below the starting point, which is no client's own folder."""

    def folder(self, path: str, node: Node, captures: tuple[str, ...]) -> None:
        try:
            names = self._names(path, node)
        except FileNotFoundError:
            return
        except Unreadable as error:
            self.found.folders[listed(path)] = node
            self.found.troubles[listed(path)] = error
            return
        self.found.folders[listed(path)] = node
        for name in names:
            if self.below and _LIKE_A_CONFIG.fullmatch(name) and node.holds_servers and not node.wants(name):
                self.found.unknown.add(f"{path}/{name}")
            if name in node.names:
                self._child(f"{path}/{name}", node.names[name], captures)
            for pattern, child in node.patterns.items():
                if capture := _matches(pattern, name):
                    self._child(f"{path}/{name}", child, (*captures, capture[1]))

    def _names(self, path: str, node: Node) -> list[str]:
        if node.patterns or len(node.names) > _FEW or (self.below and node.holds_servers):
            return [entry.name for entry in self.files.entries(listed(path), self.home)]
        if not self.files.is_folder(listed(path), self.home):
            raise FileNotFoundError(path)
        return [name for name in node.names if self.files.exists(f"{path}/{name}", self.home)]

    def _child(self, path: str, node: Node, captures: tuple[str, ...]) -> None:
        if node.readings:
            readings = self.found.files.setdefault(path, [])
            readings += (Reading(client, part, self.root, captures) for client, part in node.readings)
        # A pattern may end at a name under which another template expects a folder.
        if node and (not node.readings or self.files.is_folder(path, self.home)):
            self.below += 1
            self.folder(path, node, captures)
            self.below -= 1


def listed(path: str) -> str:
    """The folder at the start of longer paths, by the name it is listed by: the top of a system, or of a drive."""
    return path + "/" if not path or path.endswith(":") else path


def _split(template: str, os: str) -> tuple[str, str, str]:
    """Where a template starts (`~`, `/`, `{project}`, `{extension}`) and the path from there."""
    head, slash, rest = template.partition("/")
    head = _FOLDERS[os].get(head, head)
    if head.startswith("~"):
        return "~", slash, f"{head[2:]}/{rest}" if len(head) > 1 else rest
    return head if head.startswith("{") else "/", slash, rest


@lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile("(.*?)".join(map(re.escape, pattern.split("*"))), re.DOTALL)


def _matches(pattern: str, name: str) -> re.Match[str] | None:
    return _expression(pattern).fullmatch(name)
