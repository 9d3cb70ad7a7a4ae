"""Packages a project declares to depend on, from its manifests: agent frameworks show there before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.contract import Context
from collectors.launch.packages import comparable
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import UnreadableError
from collectors.sources.formats.documents import UnparseableError, parse

_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_NPM_TABLES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")


def dependencies(context: Context, home: Home | None, path: str) -> frozenset[str]:
    """`npm:name` and `pypi:name` of what a manifest names directly; nothing where it cannot be read."""
    try:
        data = context.files.read(path, home)
        if path.endswith(".txt"):
            return frozenset(_requirements(data.decode("utf-8", "replace").splitlines()))
        document = parse(data, "toml" if path.endswith(".toml") else "json", context.limits).value
    except (OSError, UnreadableError, UnparseableError):
        return frozenset()
    if not isinstance(document, dict):
        return frozenset()
    return frozenset(_pyproject(document) if path.endswith(".toml") else _package_json(document))


def _package_json(document: dict[str, object]) -> Iterator[str]:
    for table in _NPM_TABLES:
        names = document.get(table)
        if isinstance(names, dict):
            yield from (f"npm:{name}" for name in names)


def _pyproject(document: dict[str, object]) -> Iterator[str]:
    """PEP 621 dependencies, PEP 735 groups and Poetry's tables."""
    project, groups, tool = (_table(document.get(name)) for name in ("project", "dependency-groups", "tool"))
    lists = [project.get("dependencies"), *_table(project.get("optional-dependencies")).values(), *groups.values()]
    for lines in lists:
        if isinstance(lines, list):
            yield from _requirements([line for line in lines if isinstance(line, str)])
    yield from (_pypi(name) for name in _table(_table(tool.get("poetry")).get("dependencies")))


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _requirements(lines: list[str]) -> Iterator[str]:
    for line in lines:
        match = _NAME.match(line)
        if match:
            yield _pypi(match[1])


def _pypi(name: str) -> str:
    return comparable(f"pypi:{name}")
