"""Path templates of the catalog as one tree per starting point, and what of it exists on this machine."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from collectors.catalog.catalog import Catalog
from collectors.catalog.client import Client, ConfigFile, Roots
from collectors.catalog.templates import MANAGED, taken_apart
from collectors.contract import Context
from collectors.locate.interest import Interest, Part, Root
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import UnreadableError

_LIKE_A_CONFIG = re.compile(r"(?i)[^/]*mcp[^/]*\.(?:jsonc?|toml|ya?ml)")
_FEW = 6
"""A folder with at most this many names of interest is asked for each; otherwise it is listed once."""


@dataclass
class Node:
    """What may lie in one folder: by name, and by pattern where the template has a `*`."""

    names: dict[str, Node] = field(default_factory=dict)
    patterns: dict[str, Node] = field(default_factory=dict)
    readings: list[tuple[Client, Part, str]] = field(default_factory=list)
    """Who reads what stands here as what, and which value of it."""

    def child(self, component: str) -> Node:
        return (self.patterns if "*" in component else self.names).setdefault(component, Node())

    def wants(self, name: str) -> bool:
        """Whether a file or folder of this name would matter here."""
        return name in self.names or any(_matches(pattern, name) for pattern in self.patterns)

    def with_names_of(self, other: Node | None) -> Node:
        """For a folder that one template names and another one matches: the names that matter to either."""
        if other is None or other is self:
            return self
        return Node(
            {**other.names, **self.names}, {**other.patterns, **self.patterns}, [*other.readings, *self.readings]
        )

    @property
    def holds_config(self) -> bool:
        """Whether a client keeps a configuration file right here."""
        return any(isinstance(part, ConfigFile) for child in self.names.values() for _, part, _ in child.readings)

    @cached_property
    def last_resort(self) -> bool:
        """Whether nothing here or below belongs to a client: it is looked into, but neither watched nor missed."""
        own = all(isinstance(part, ConfigFile) and part.last_resort for _, part, _ in self.readings)
        return own and all(child.last_resort for child in (*self.names.values(), *self.patterns.values()))

    def __bool__(self) -> bool:
        return bool(self.names or self.patterns)


@dataclass(slots=True)
class Found:
    """What exists below one starting point."""

    files: dict[str, list[Interest]] = field(default_factory=dict)
    folders: dict[str, Node] = field(default_factory=dict)
    """Existing folders in which something of interest lies or may appear."""
    troubles: dict[str, UnreadableError] = field(default_factory=dict)
    """Folders that could not be looked into."""
    hidden: dict[str, UnreadableError] = field(default_factory=dict)
    """Parts of the registry that this run cannot see at all."""
    unknown: dict[str, Root | None] = field(default_factory=dict)
    """Files beside a client's configuration that are named like one and that no client is known to read, with the
    folder whose they are."""
    names: int = 0
    """How many were looked through, each folder for ten more."""


CUT = ""
"""In place of a folder: the rest was not looked into."""
_FOLDER = 10


class PathIndex:
    """All templates of the catalog for one system, as trees: for homes, the machine, projects and plug-ins."""

    def __init__(self, catalog: Catalog, os: str) -> None:
        self._os = os
        self._trees: dict[str, Node] = {}
        self._keys: dict[str, dict[str, list[Interest]]] = {"HKLM": {}, "HKCU": {}}
        for client in catalog.clients.values():
            parts: list[Part] = [*client.config, *client.artifact, *client.provider, *client.roots, *client.install]
            parts += (*client.manifest, *client.signed_in)
            parts += (part for posture in client.posture for part in posture.parts)
            for part in parts:
                for template in part.on(os):
                    self._add(client, part, template)

    def of_home(self, context: Context, home: Home) -> Found:
        """What exists below a home, and what an administrator sets for its account elsewhere."""
        found = self._scan(context, home, home.path, "~")
        if "{managed}" in self._trees:
            # From the folder above, so that the account's own is noticed when it appears.
            _Scan(context, home, None, found).folder(MANAGED, Node({home.owner: self._trees["{managed}"]}), ())
        self._look_up(context, home, "HKCU", found)
        return found

    def of_layout(self, context: Context, home: Home, folder: str) -> Found:
        """What exists below one folder of a home that is laid out as on this system and lies on another."""
        found = Found()
        if node := self._trees.get("~", Node()).names.get(folder):
            _Scan(context, home, None, found).folder(f"{home.path}/{folder}", node, ())
        return found

    def of_machine(self, context: Context) -> Found:
        """What exists at absolute places."""
        found = self._scan(context, None, "C:" if self._os == "windows" else "", "/")
        self._look_up(context, None, "HKLM", found)
        return found

    def of_root(self, context: Context, home: Home, root: Root) -> Found:
        """What exists in a project or plug-in folder."""
        kind = "{project}" if root.kind == "project" else f"{{extension}}{root.client}"
        return self._scan(context, home, root.path, kind, root)

    def of_above(self, context: Context, home: Home, root: Root) -> Found:
        """What of a project's files exists in a folder above one, for clients that walk up."""
        return self._scan(context, home, root.path, "{above}", root)

    def of_workspace(self, context: Context, home: Home, root: Root) -> Found:
        """The state that a project keeps of further projects."""
        return self._scan(context, home, root.path, "{workspace}", root)

    def of_moved(self, context: Context, home: Home, client: Client | None, replaces: str, folder: str) -> Found:
        """What exists where one client (None: any) was told to look in place of what starts with `replaces`."""
        start, rest, _ = taken_apart(replaces, self._os)
        node = self._trees.get(start, Node())
        for component in rest.split("/") if rest else ():
            node = node.names.get(component, Node())
        found = Found()
        scan = _Scan(context, home, None, found)
        if node.readings:
            # A single file is told by its own path.
            parent, _, name = folder.rpartition("/")
            scan.folder(parent or "/", Node(names={name: node}), ())
        else:
            scan.folder(folder, node, ())
        if client is None:
            return found
        found.files = {
            path: own for path, all_ in found.files.items() if (own := [r for r in all_ if r.client is client])
        }
        return found

    def _add(self, client: Client, part: Part, template: str) -> None:
        start, rest, inside = taken_apart(template, self._os)
        if start in self._keys:
            self._keys[start].setdefault(f"{start}/{rest}", []).append(Interest(client, part, inside=inside))
            return
        if start == "{extension}":
            start += client.id
        if start == "{project}" and isinstance(part, Roots):
            start = "{workspace}"
        if isinstance(part, ConfigFile) and part.above:
            self._put("{above}", rest, client, part, inside)
        self._put(start, rest, client, part, inside)

    def _put(self, start: str, rest: str, client: Client, part: Part, inside: str) -> None:
        node = self._trees.setdefault(start, Node())
        for component in rest.split("/"):
            node = node.child(component)
        node.readings.append((client, part, inside))

    def _look_up(self, context: Context, home: Home | None, hive: str, found: Found) -> None:
        for path, readings in self._keys[hive].items():
            try:
                context.files.check(path, home)
            except FileNotFoundError:
                continue
            except UnreadableError as error:
                if error.code == "registry.hidden":
                    found.hidden[hive] = error
                    return
            found.files[path] = list(readings)

    def _scan(self, context: Context, home: Home | None, base: str, start: str, root: Root | None = None) -> Found:
        found = Found()
        if start in self._trees:
            _Scan(context, home, root, found).folder(base, self._trees[start], ())
        return found


class _Scan:
    """One walk along a tree of names: each folder on the way is listed or asked once."""

    def __init__(self, context: Context, home: Home | None, root: Root | None, found: Found) -> None:
        self.files = context.files
        self.most = context.limits.survey_entries
        self.home = home
        self.root = root
        self.found = found
        self.below = 0
        """How deep below the starting point, which is no client's own folder."""

    def folder(self, path: str, node: Node, captures: tuple[str, ...]) -> None:
        if self.found.names >= self.most:
            self.found.troubles[CUT] = UnreadableError("survey.truncated", "its folders hold more names than are read")
            return
        try:
            names = self._names(path, node)
        except FileNotFoundError:
            return
        except UnreadableError as error:
            if node.last_resort:
                return
            self._watched(path, node)
            # Not the error itself: with its traceback it holds what was looked at.
            self.found.troubles[listed(path)] = UnreadableError(error.code, error.message)
            return
        finally:
            self.found.names += _FOLDER
        self.found.names += len(names)
        if not node.last_resort:
            self._watched(path, node)
        for name in names:
            if self.below and _LIKE_A_CONFIG.fullmatch(name) and node.holds_config and not node.wants(name):
                self.found.unknown[f"{path}/{name}"] = self.root
            if name in node.names:
                self._child(f"{path}/{name}", node.names[name], captures)
            for pattern, child in node.patterns.items():
                if capture := _matches(pattern, name):
                    self._child(f"{path}/{name}", child, (*captures, capture[1]))

    def _watched(self, path: str, node: Node) -> None:
        self.found.folders[listed(path)] = node.with_names_of(self.found.folders.get(listed(path)))

    def _names(self, path: str, node: Node) -> list[str]:
        if node.patterns or len(node.names) > _FEW or (self.below and node.holds_config):
            return [entry.name for entry in self.files.entries(listed(path), self.home)]
        if not self.files.is_folder(listed(path), self.home):
            raise FileNotFoundError(path)
        try:
            return [name for name in node.names if self._is_there(f"{path}/{name}")]
        except UnreadableError:  # such as a link to where nobody answers: whether there is one, the folder can tell
            return [entry.name for entry in self.files.entries(listed(path), self.home)]

    def _is_there(self, path: str) -> bool:
        try:
            self.files.check(path, self.home)
        except FileNotFoundError:
            return False
        return True

    def _child(self, path: str, node: Node, captures: tuple[str, ...]) -> None:
        if node.readings:
            readings = self.found.files.setdefault(path, [])
            readings += (Interest(client, part, self.root, captures, at) for client, part, at in node.readings)
        # A pattern may end at a name under which another template expects a folder.
        if node and (not node.readings or self.files.is_folder(path, self.home)):
            self.below += 1
            self.folder(path, node, captures)
            self.below -= 1


def named_like_one(path: str) -> bool:
    """Whether a file is named like a configuration of MCP servers."""
    return _LIKE_A_CONFIG.fullmatch(path.rpartition("/")[2]) is not None


def listed(path: str) -> str:
    """The folder at the start of longer paths, by the name it is listed by: the top of a system, or of a drive."""
    return path + "/" if not path or path.endswith(":") else path


@lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile("(.*?)".join(map(re.escape, pattern.split("*"))), re.DOTALL)


def _matches(pattern: str, name: str) -> re.Match[str] | None:
    return _expression(pattern).fullmatch(name)
