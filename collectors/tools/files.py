"""The files of one account in which a client tells tools, and what names of tools in them mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from collectors.catalog.client import Client
from collectors.catalog.templates import template_path
from collectors.catalog.tools import ToolsAt
from collectors.contract import Context
from collectors.sources.account import Home
from collectors.sources.filesystem.globbing import captures
from collectors.sources.filesystem.recent import Recent, recent_files
from collectors.sources.filesystem.unreadable import UnreadableError
from collectors.transcripts.mcp_names import resolve

if TYPE_CHECKING:
    from collectors.tools.read import Meaning

_MOST_FILES = 2_000
"""Files of one client and account, those written last."""


class ToolFile(NamedTuple):
    """A file as it was when its folder was listed, and how it is read."""

    recent: Recent
    captures: tuple[str, ...]
    part: ToolsAt


def takes_apart(client: Client) -> bool:
    return any(part.joined for part in client.tools)


def tool_files(context: Context, home: Home, client: Client) -> tuple[list[ToolFile], bool]:
    """The files that were written last, and whether all folders that hold some could be listed."""
    os, complete = context.os_of(home), True
    found: list[ToolFile] = []
    for part in client.tools:
        for template in part.on(os):
            path = template_path(template, os, home)
            try:
                files = recent_files(context.files, path, home, 0, part.newest) if path else []
            except UnreadableError:
                complete = False
                continue
            found += (
                ToolFile(_with_log(context, home, file, part), captures(path or "", file.path), part) for file in files
            )
    return sorted(found, key=lambda file: file.recent, reverse=True)[:_MOST_FILES], complete


def _with_log(context: Context, home: Home, file: Recent, part: ToolsAt) -> Recent:
    """A database as new and large as it is with its write-ahead log."""
    log = context.files.status(f"{file.path}-wal", home) if part.shape in ("table", "item") else None
    return file._replace(modified=max(file.modified, log.st_mtime_ns), size=file.size + log.st_size) if log else file


def meaning(client: Client, servers: Mapping[str, str]) -> Meaning:
    """What a name means that holds server and tool."""
    forms = client.actions.mcp if client.actions else ()

    def meant(name: str) -> tuple[str, str] | None:
        found = resolve(name, forms, servers)
        return (found.server, found.tool) if found and found.server and found.tool else None

    return meant
