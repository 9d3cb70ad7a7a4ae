"""What tools say of themselves, read again where it stands: for a person at this machine, and for nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from agent.records import Tool
from collectors.contract import Context
from collectors.sources.filesystem.unreadable import UnreadableError
from collectors.sources.formats.documents import UnparseableError
from collectors.tools.definition import ToolAsRead, digest
from collectors.tools.files import meaning, servers_of, tool_files
from collectors.tools.read import tools_of


def text_of(context: Context, tool: Tool) -> ToolAsRead | None:
    """The definition that the record is about; None where it no longer stands anywhere."""
    hashed = ((digest(one).definition_hash, one) for one in _named(context, tool))
    return next((one for found, one in hashed if found == tool.definition_hash), None)


def _named(context: Context, tool: Tool) -> Iterator[ToolAsRead]:
    """All definitions of the tool that this account's clients keep."""
    for home in context.homes:
        if home.owner != tool.owner or not home.reachable:
            continue
        for client in context.catalog.clients.values():
            files, _ = tool_files(context, home, client)
            means = meaning(client, servers_of(context, home, client))
            for file in files:
                with suppress(OSError, UnreadableError, UnparseableError):
                    for _, one, _, _ in tools_of(context, home, file.recent.path, file.captures, file.part, means):
                        if digest(one).name == tool.name:
                            yield one
