"""Which copies of a server's package lie on the machine: where launchers keep what they fetched, projects and
installations. Nothing is asked of a registry."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from agent.records import PackageOnDisk
from collectors.contract import Context
from collectors.launch.packages import package_name
from collectors.locate.ecosystems import PackageFolders, expand
from collectors.sources.account import Home
from collectors.sources.filesystem.unreadable import UnreadableError
from collectors.sources.formats.documents import parse
from collectors.sources.formats.unparseable import UnparseableError

_MOST: Final = 8
_MOST_BYTES: Final = 1_000_000
"""Of one file: a list of what is installed is looked into for each server again."""
_NPX: Final = ("~/.npm/_npx/*", "~/AppData/Local/npm-cache/_npx/*")
_ENVIRONMENTS: Final = (
    "~/.cache/uv/environments-v*/*/*", "~/AppData/Local/uv/cache/environments-v*/*/*", "~/.cache/pipx/*",
)  # fmt: skip
"""Of uvx, each a link to where it lies, and of pipx run."""


class _Places(NamedTuple):
    """Where copies lie of one home (None: the machine)."""

    fetched: tuple[str, ...]
    """Folders of npx."""
    environments: tuple[str, ...]
    installed: PackageFolders


_known: dict[tuple[int, int, Home | None], _Places] = {}
"""By tree, second and home: the servers of a file ask for the same places, one after the other."""
_LIBRARIES: Final = ("lib/python3.*/site-packages", "Lib/site-packages")
_VERSION: Final = re.compile(r"[0-9A-Za-z][\w.+!-]{0,63}")
_INTEGRITY: Final = re.compile(r"sha\d{1,3}-[A-Za-z0-9+/=]{20,128}")
_PARTS: Final = re.compile(r"[-_.]+")


def packages_on_disk(
    context: Context, home: Home | None, package: str | None, args: Sequence[str], project: str | None = None
) -> tuple[PackageOnDisk, ...]:
    """The copies that a launch may run, at most eight; where the definition names a version, those of that one."""
    kind, _, name = package_name(package).partition(":") if package else ("", "", "")
    if kind not in ("npm", "pypi") or not name or "?" in (package or ""):
        return ()
    named = package.rpartition("@")[2] if package and "@" in package.rpartition("/")[2] else None
    found = _npm(context, home, name, args, project) if kind == "npm" else _pypi(context, home, name)
    copies: dict[str, PackageOnDisk] = {}
    for copy in found:
        if named in (None, copy.version):
            copies.setdefault(copy.path, copy)
        if len(copies) == _MOST:
            break
    return tuple(copies[path] for path in sorted(copies))


def _npm(
    context: Context, home: Home | None, name: str, args: Sequence[str], project: str | None
) -> Iterator[PackageOnDisk]:
    if project and project.startswith("/"):
        yield from _module(context, home, f"{project}/node_modules", name)
    for folder in _places(context, home).fetched:
        if _fetched_for(context, home, folder, name, args):
            yield from _module(context, home, f"{folder}/node_modules", name)
    for where in (home, None):
        for folder in _places(context, where).installed.find(f"npm:{name}"):
            yield from _module(context, where, folder.removesuffix(f"/{name}"), name)


def _fetched_for(context: Context, home: Home | None, folder: str, name: str, args: Sequence[str]) -> bool:
    """Whether npx keeps there what it fetches for these arguments: another version asked for lies elsewhere."""
    told = _json(context, home, f"{folder}/package.json").get("_npx")
    asked = told.get("packages") if isinstance(told, dict) else None
    words = [word.removeprefix("--package=") for word in args]
    wanted = [word for word in words if word == name or word.startswith(f"{name}@")] or [name]
    return not isinstance(asked, list) or any(one in asked for one in wanted)


def _module(context: Context, home: Home | None, modules: str, name: str) -> Iterator[PackageOnDisk]:
    version = _json(context, home, f"{modules}/{name}/package.json").get("version")
    if isinstance(version, str) and _VERSION.fullmatch(version):
        lock = _json(context, home, f"{modules}/.package-lock.json").get("packages")
        entry = lock.get(f"node_modules/{name}") if isinstance(lock, dict) else None
        told = entry.get("integrity") if isinstance(entry, dict) and entry.get("version") == version else None
        integrity = told if isinstance(told, str) and _INTEGRITY.fullmatch(told) else None
        yield PackageOnDisk(path=context.files.shown(f"{modules}/{name}"), version=version, integrity=integrity)


def _pypi(context: Context, home: Home | None, name: str) -> Iterator[PackageOnDisk]:
    module = _PARTS.sub("_", name).lower()
    for where in (home, None):
        places = _places(context, where)
        tools = [folder for folder in places.installed.find(f"pypi:{name}") if not folder.endswith(".dist-info")]
        for environment in (*tools, *places.environments):
            for library in _LIBRARIES:
                for told in context.files.glob(f"{environment}/{library}/{module}-*.dist-info", where):
                    yield from _distribution(context, where, told)
        for folder in places.installed.find(f"pypi:{module}"):
            if folder.endswith(".dist-info"):
                yield from _distribution(context, where, folder)


def _distribution(context: Context, home: Home | None, folder: str) -> Iterator[PackageOnDisk]:
    version = folder.removesuffix(".dist-info").rpartition("-")[2]
    if _VERSION.fullmatch(version):
        listed = _bytes(context, home, f"{folder}/RECORD")
        digest = base64.b64encode(hashlib.sha256(listed).digest()).decode() if listed else None
        yield PackageOnDisk(
            path=context.files.shown(folder), version=version, integrity=f"sha256-{digest}" if digest else None
        )


def _places(context: Context, home: Home | None) -> _Places:
    key = id(context.files), int(time.monotonic()), home
    if key not in _known:
        if len(_known) > 1 and all(second != key[1] for _, second, _ in _known):
            _known.clear()
        fetched = tuple(expand(context, _NPX, home)) if home else ()
        environments = tuple(expand(context, _ENVIRONMENTS, home)) if home else ()
        _known[key] = _Places(fetched, environments, PackageFolders(context, home))
    return _known[key]


def _json(context: Context, home: Home | None, path: str) -> dict[str, object]:
    try:
        value = parse(_bytes(context, home, path), "json", context.limits).value
    except UnparseableError:
        return {}
    return value if isinstance(value, dict) else {}


def _bytes(context: Context, home: Home | None, path: str) -> bytes:
    try:
        data = context.files.read(path, home)
    except (OSError, UnreadableError):
        return b""
    return data if len(data) <= _MOST_BYTES else b""
