"""Where package managers put what they install, and how a package's version is read there without running anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import translate
from re import compile as pattern
from typing import NamedTuple

from collectors.catalog.editors import extension_folders
from collectors.catalog.templates import template_path
from collectors.contract import Context
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import UnreadableError
from collectors.sources.formats import rpm
from collectors.sources.formats.unparseable import UnparseableError


class Ecosystem(NamedTuple):
    """One package manager. `roots` are folders that hold a folder or file per package."""

    roots: tuple[str, ...]
    entry: str
    """Name of a package's entry in a root, relative to it; `*` stands for anything within one component."""


_PREFIX = re.compile(r"(?m)^[ \t]*prefix[ \t]*=[ \t]*[\"']?([^\"'\r\n]{1,4096}?)[\"']?[ \t]*$")
_HOME = re.compile(r"^(?:~|\$\{HOME\}|\$HOME)(?=/|$)")
_MOST_BYTES = 100_000
_NPM = (
    "/usr/lib/node_modules", "/usr/local/lib/node_modules", "/opt/homebrew/lib/node_modules",
    "~/.npm-global/lib/node_modules", "~/.npm-packages/lib/node_modules", "~/.npm-prefix/lib/node_modules",
    "~/.local/lib/node_modules", "~/n/lib/node_modules", "~/.nvm/versions/node/*/lib/node_modules",
    "~/.volta/tools/image/packages/*/lib/node_modules", "~/.volta/tools/image/packages/*/*/lib/node_modules",
    "~/.asdf/installs/nodejs/*/lib/node_modules", "{data}/fnm/node-versions/*/installation/lib/node_modules",
    "{data}/mise/installs/node/*/lib/node_modules", "~/.bun/install/global/node_modules",
    "{data}/pnpm/global/*/node_modules", "{appdata}/npm/node_modules", "C:/Program Files/nodejs/node_modules",
)  # fmt: skip
_JETBRAINS = ("{data}/JetBrains/*", "{config}/JetBrains/*/plugins", "{appdata}/JetBrains/*/plugins")
_CELLARS = ("/opt/homebrew/Cellar", "/usr/local/Cellar", "/home/linuxbrew/.linuxbrew/Cellar")

ECOSYSTEMS: dict[str, tuple[Ecosystem, ...]] = {
    "npm": (Ecosystem(_NPM, "{name}"),),
    "pypi": (
        Ecosystem(("{data}/uv/tools", "~/AppData/Roaming/uv/tools"), "{name}"),
        Ecosystem(("{data}/pipx/venvs", "~/.local/pipx/venvs", "~/pipx/venvs"), "{name}"),
        Ecosystem(
            ("~/.local/lib/python3.*/site-packages", "/usr/local/lib/python3.*/*-packages",
             "/usr/lib/python3/dist-packages", "~/.pyenv/versions/*/lib/python3.*/site-packages"),
            "{module}-*.dist-info",
        ),
    ),
    "vscode": (Ecosystem(extension_folders(), "{name}-[0-9]*"),),
    "jetbrains": (Ecosystem(_JETBRAINS, "{name}"),),
    "deb": (Ecosystem(("/var/lib/dpkg/info",), "{name}.list"),),
    "rpm": (),  # one database in place of a file a package
    "brew": (Ecosystem(_CELLARS, "{name}"),),
    "cask": (Ecosystem(("/opt/homebrew/Caskroom", "/usr/local/Caskroom"), "{name}"),),
    "winget": (Ecosystem(("{data}/Microsoft/WinGet/Packages", "C:/Program Files/WinGet/Packages"), "{name}_*"),),
}  # fmt: skip
RPM = ("/var/lib/rpm/rpmdb.sqlite", "/usr/lib/sysimage/rpm/rpmdb.sqlite")
"""Where rpm keeps its database; on some systems one of the two folders is a link to the other."""


def rpm_version(context: Context, path: str, name: str) -> str | None:
    """The version of a package by an rpm database; None where it is not installed or that cannot be told."""
    if not context.files.exists(path):
        return None
    try:
        with context.files.opened(path) as descriptor:
            return rpm.rpm_version(descriptor, name)
    except (OSError, UnreadableError, UnparseableError):
        return None


class PackageFolders:
    """The package folders of one home (None: the machine), each listed at most once."""

    def __init__(self, context: Context, home: Home | None) -> None:
        self._context = context
        self._home = home
        self._roots: dict[Ecosystem, list[str]] = {}
        self._names: dict[str, tuple[str, ...]] = {}

    def find(self, package: str) -> Iterator[str]:
        """Paths of the entries of `ecosystem:name`."""
        kind, _, name = package.partition(":")
        if kind == "rpm":
            yield from self._rpm(name)
        for ecosystem in ECOSYSTEMS.get(kind, ()):
            entry = ecosystem.entry.format(name=name, module=name.replace("-", "_"))
            for root in self._existing(ecosystem):
                yield from self._entries(root, entry)

    def _rpm(self, name: str) -> Iterator[str]:
        """The database with the name of the package in it."""
        for path in RPM if self._home is None else ():
            if rpm_version(self._context, path, name):
                yield f"{path}#{name}"
                return

    def _existing(self, ecosystem: Ecosystem) -> list[str]:
        if ecosystem not in self._roots:
            files, home = self._context.files, self._home
            roots = dict.fromkeys((*expand(self._context, ecosystem.roots, home), *self._npm_prefix(ecosystem)))
            self._roots[ecosystem] = [root for root in roots if files.is_folder(root, home)]
        return self._roots[ecosystem]

    def _npm_prefix(self, ecosystem: Ecosystem) -> Iterator[str]:
        """Where npm was told to install, by the account's own settings."""
        home = self._home
        if home is None or ecosystem not in ECOSYSTEMS["npm"]:
            return
        try:
            data = self._context.files.read(f"{home.path}/.npmrc", home)
        except (FileNotFoundError, UnreadableError):
            return
        for match in _PREFIX.finditer(data[:_MOST_BYTES].decode("utf-8", "replace")):
            prefix = _HOME.sub(lambda _: home.path, match[1].strip())
            if prefix.startswith("/") and "$" not in prefix:
                yield f"{prefix.rstrip('/')}/lib/node_modules"

    def _entries(self, root: str, entry: str) -> Iterator[str]:
        if "*" not in entry and "[" not in entry:
            if self._context.files.exists(f"{root}/{entry}", self._home):
                yield f"{root}/{entry}"
            return
        # Extensions and distributions carry their version in their name, in whatever case.
        matches = pattern(translate(entry.lower())).fullmatch
        yield from (f"{root}/{name}" for name in self._listed(root) if matches(name.lower()))

    def _listed(self, root: str) -> tuple[str, ...]:
        if root not in self._names:
            try:
                self._names[root] = tuple(entry.name for entry in self._context.files.entries(root, self._home))
            except (OSError, UnreadableError):
                self._names[root] = ()
        return self._names[root]


def expand(context: Context, templates: Iterable[str], home: Home | None) -> Iterator[str]:
    """Paths that templates of a home or of the machine stand for; those with `*` only as far as they exist."""
    for template in templates:
        path = template_path(template, context.os_of(home), home)
        if path and "*" in path:
            yield from context.files.glob(path, home)
        elif path:
            yield path
