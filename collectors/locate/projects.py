"""Project and plug-in folders of one home: what the clients' own state names, where agents work, what a walk finds."""

from __future__ import annotations

import posixpath
import re
import stat
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import cast
from urllib.parse import unquote, urlsplit

from agent.records import Instance
from collectors.catalog.client import Roots
from collectors.contract import Context
from collectors.locate.interest import Interest, Root
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import FileTree, UnreadableError
from collectors.sources.filesystem.write_ahead_log import write_ahead_log
from collectors.sources.formats.documents import parse
from collectors.sources.formats.keypath import find
from collectors.sources.formats.state import sqlite_column, xml_attributes

_MOST_FOLDERS = 20_000
_MOST_ENTRIES = 100_000
_MOUNTED = "/workspaces"
_MOST_MOUNTED = 200


def named_roots(context: Context, home: Home, path: str, reading: Interest) -> Iterator[Root]:
    """Folders that one state file names.

    Raises `FileNotFoundError`, `UnreadableError` or `UnparseableError`; a file that is merely of an unknown shape names
    nothing.
    """
    roots = reading.part
    if not isinstance(roots, Roots):
        return
    folders: set[str] = set()
    home = reading.root.seen_by(home) if reading.root else home
    word_of = (context.files.at_word_of(path, home) or home).word_of
    for label, text in islice(_entries(context, home, path, roots), _MOST_ENTRIES):
        if "/" not in text[:1] and path.endswith(".code-workspace"):
            text = f"{path.rpartition('/')[0]}/{text}"
        folder = local_folder(text, context.os_of(home), home)
        if folder and roots.take == "file":
            folder = folder.rpartition("/")[0] or None
        if folder is None or folder in folders:
            continue
        if len(folders) >= _MOST_FOLDERS:
            return
        folders.add(folder)
        if roots.kind == "project":
            yield Root("project", folder, context.files.shown(folder), word_of=word_of)
        else:
            label = label or (reading.captures[-1] if reading.captures else folder.rsplit("/", 1)[-1])
            yield Root("extension", folder, label, reading.client.id, word_of)


def _entries(context: Context, home: Home, path: str, roots: Roots) -> Iterator[tuple[str, str]]:
    """Label and folder text of each entry."""
    if roots.format == "sqlite":
        table, _, column = roots.at.partition(".")
        with context.files.opened(path, home) as file, write_ahead_log(context.files, path, home) as log:
            values = sqlite_column(file, log, table, column, _MOST_FOLDERS)
        # Zed keeps the folders of one workspace in one column, a line each.
        yield from (("", line) for value in values for line in value.splitlines())
        return
    data = context.files.read(path, home)
    if roots.format == "xml":
        element, _, attribute = roots.at.partition("@")
        yield from (("", value) for value in xml_attributes(data, element, attribute))
        return
    document = parse(data, roots.format, context.limits).value
    if any(all(found.value != text for found in find(document, at)) for at, text in roots.only.items()):
        return
    for found in find(document, roots.at):
        label = found.captures[0] if found.captures else ""
        for text in _texts(found.value, roots.take):
            yield label, text


def _texts(value: object, take: str) -> Iterator[str]:
    if take == "key":
        yield from (key for key in value if isinstance(key, str)) if isinstance(value, dict) else ()
    elif isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (item for item in value if isinstance(item, str))


def local_folder(text: str, os: str, home: Home) -> str | None:
    """An absolute folder of the observed machine from a path or a `file:` URI; None for anything else."""
    text = text.replace("$USER_HOME$", home.path)
    if text.startswith("file:"):
        text = _of_uri(text).lstrip("/") if os == "windows" else _of_uri(text)
    if os == "windows":
        text = text.replace("\\", "/")
        absolute = text[1:3] == ":/"
        text = text[:1].upper() + text[1:]
    else:
        absolute = text.startswith("/")
    if not absolute or "\0" in text or len(text) > 4096:
        return None
    if home.drives:
        text = f"{home.drives}{text[0].lower()}{text[2:]}"
    # As clients do before they look a path up: `/a/./b`, `/a//b` and `/a/x/../b` are all `/a/b`.
    return posixpath.normpath(re.sub("^/+", "/", text))


def _of_uri(text: str) -> str:
    """The path of a `file:` URI of this machine; empty for one of another, or that is none."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return unquote(parts.path) if parts.netloc in ("", "localhost") else ""


def working_roots(context: Context, home: Home) -> Iterator[Root]:
    """Where the owner's running agents work: that folder, and the repository root above it."""
    for owner, folder in working_folders(context):
        if owner == home.owner:
            yield from around(context, home, folder)


def mounted_roots(context: Context, home: Home) -> Iterator[Root]:
    """The repositories that Codespaces and dev containers keep beside the homes, for whoever they belong to."""
    if home.account == "service" or context.os_of(home) != "linux":
        return
    try:
        names = [entry.name for entry in islice(context.files.entries(_MOUNTED, home), _MOST_MOUNTED)]
    except (FileNotFoundError, UnreadableError):
        return
    for path in (f"{_MOUNTED}/{name}" for name in names if not name.startswith(".")):
        status = context.files.status(path, home)
        if status and stat.S_ISDIR(status.st_mode) and (context.files.root != "/" or status.st_uid == home.uid):
            yield Root("project", path, context.files.shown(path))


def around(context: Context, home: Home, folder: str) -> Iterator[Root]:
    """A folder that somebody works in, and the repository root above it."""
    yield Root("project", folder, context.files.shown(folder))
    above = folder
    while above not in ("", "/", home.path):
        if context.files.exists(above + "/.git", home):
            yield Root("project", above, context.files.shown(above))
            return
        above = above.rpartition("/")[0]


def folders_above(path: str) -> Iterator[str]:
    """The folders that a path lies in, without the top of the file system."""
    above = path.rpartition("/")[0]
    while above.strip("/") and not above.endswith(":"):
        yield above
        above = above.rpartition("/")[0]


def working_folders(context: Context) -> list[tuple[str, str]]:
    """Owners of running agents with the folders these work in."""
    instances = (cast(Instance, record) for record in context.view.records("instance"))
    return sorted({(i.owner or "", i.cwd) for i in instances if i.subject == "agent" and i.cwd})


def distinct(files: FileTree, home: Home, most: int, *groups: Iterable[Root]) -> tuple[list[Root], int]:
    """Each existing folder once per kind and client, however many names lead to it, but for the file system root; and
    how many were left out because there are more than `most`, those of the last groups first."""
    found: dict[tuple[object, ...], tuple[int, Root]] = {}
    ranked = [(rank, root) for rank, group in enumerate(groups) for root in group if root.path != "/"]
    for rank, root in sorted(ranked, key=lambda one: (bool(one[1].word_of), len(one[1].path), one[1].path)):
        if identity := _identity(files, root.seen_by(home), root.path):
            folder = root.kind, root.client, identity
            best, known = found.get(folder, (rank, root))
            found[folder] = min(best, rank), known
    kept = sorted(found.values(), key=lambda one: (one[0], one[1].path))[:most]
    roots = [root for _, root in kept]
    roots.sort(key=lambda root: (root.path != home.path, root.kind, root.path, root.client or ""))
    return roots, len(found) - len(kept)


def _identity(files: FileTree, home: Home, path: str) -> object:
    """Device and inode, where the system numbers its folders and this one can be looked at; None where nothing is."""
    status = files.status(path, home)
    if status is None:
        return None if files.is_absent(path, home) else path
    return (status.st_dev, status.st_ino) if status.st_ino else path
