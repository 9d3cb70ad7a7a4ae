"""Which transcripts one client of one account has, and in which folders they or new ones stand."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import NamedTuple

from collectors.catalog.client import Client
from collectors.catalog.templates import template_path
from collectors.catalog.transcripts import Transcript
from collectors.contract import Context
from collectors.locate.interest import Interest
from collectors.locate.projects import named_roots
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import UnreadableError
from collectors.sources.filesystem.globbing import captures, expression
from collectors.sources.filesystem.recent import Recent, recent_files
from collectors.sources.formats.unparseable import UnparseableError

_MOST_FILES = 2_000
"""Transcripts of one pattern and account, those written last."""
_MOST_PROJECTS = 200
_BESIDE = ("-wal", "-journal", "-shm")
"""What the names of the files beside a database end in."""


class Listed(NamedTuple):
    """A transcript as it was found."""

    captures: tuple[str, ...]
    """What the parts of its path that differ stand for."""
    file: Recent
    transcript: Transcript


class Pattern(NamedTuple):
    """Where transcripts stand."""

    path: str
    transcript: Transcript
    project: tuple[str, ...] = ()
    """The project that it starts at, if it starts at one."""


def patterns(context: Context, home: Home, client: Client) -> Iterator[Pattern]:
    """Where the transcripts of a client stand; projects are those that its own state names."""
    os = context.os_of(home)
    for transcript in client.transcript:
        for template in transcript.on(os) if transcript.rule else ():
            if template.startswith("{project}/"):
                for project in _projects(context, home, client):
                    yield Pattern(project + template.removeprefix("{project}"), transcript, (project,))
            elif path := template_path(template, os, home):
                yield Pattern(path, transcript)


def transcripts(context: Context, home: Home, client: Client, since: datetime, folders: set[str]) -> Iterator[Listed]:
    """Those written since then by pattern, of each in the order in which they were written. `folders` gets those that
    were listed."""
    oldest = int(since.timestamp() * 1e9)
    for pattern, transcript, project in patterns(context, home, client):
        with suppress(UnreadableError):
            found = recent_files(context.files, pattern, home, oldest, _MOST_FILES, folders)
            for file in reversed(found):
                whole = _as_a_whole(context, home, file, transcript)
                yield Listed((*project, *captures(pattern, file.path)), whole, transcript)


def _projects(context: Context, home: Home, client: Client) -> list[str]:
    """The folders in which the client says that it works, with no `*` in their names."""
    os = context.os_of(home)
    found: dict[str, None] = {}
    for roots in client.roots:
        for template in roots.on(os) if roots.kind == "project" else ():
            path = template_path(template, os, home)
            with suppress(FileNotFoundError, UnreadableError, UnparseableError):
                for root in named_roots(context, home, path, Interest(client, roots)) if path else ():
                    found.setdefault(root.path)
    return [path for path in found if "*" not in path][:_MOST_PROJECTS]


def as_it_is(context: Context, home: Home, path: str, transcript: Transcript) -> Recent | None:
    """A transcript that was listed before; None where no file is there now."""
    found = context.files.status(path, home, follow=False)
    if found is None or not stat.S_ISREG(found.st_mode):
        return None
    file = Recent(found.st_mtime_ns, path, found.st_size, found.st_ino)
    return _as_a_whole(context, home, file, transcript)


@contextmanager
def opened(context: Context, home: Home, file: Recent, transcript: Transcript) -> Iterator[tuple[int, int | None]]:
    """Descriptors of a transcript and, where it is a database that has one, of its write-ahead log."""
    with context.files.opened(file.path, home) as descriptor:
        if transcript.shape != "table":
            yield descriptor, None
            return
        try:
            log = context.files.opened(f"{file.path}-wal", home)
            beside = log.__enter__()
        except FileNotFoundError:
            yield descriptor, None
            return
        try:
            yield descriptor, beside
        finally:
            log.__exit__(None, None, None)


def of_database(path: str) -> str:
    """The database that a file belongs to, by its name; any other path as it is."""
    return next((path.removesuffix(end) for end in _BESIDE if path.endswith(end)), path)


def may_bring_one(context: Context, home: Home, pattern: str, path: str) -> bool:
    """Whether a path fits the pattern, or is a folder on its way."""
    components = pattern.split("/")
    way = components[: path.count("/") + 1]
    if not expression("/".join(way)).fullmatch(path):
        return False
    return len(way) == len(components) or context.files.is_folder(path, home)


def _as_a_whole(context: Context, home: Home, file: Recent, transcript: Transcript) -> Recent:
    """A database as new and large as it is with its write-ahead log: that alone grows for long."""
    log = context.files.status(f"{file.path}-wal", home) if transcript.shape == "table" else None
    return file._replace(modified=max(file.modified, log.st_mtime_ns), size=file.size + log.st_size) if log else file
