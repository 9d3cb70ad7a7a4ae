"""What tools say of themselves, read again where it stands: for a person at this machine, and for nobody else."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress

from agent.records import Tool
from collectors.contract import Context
from collectors.sources.account import Home
from collectors.sources.filesystem.unreadable import UnreadableError
from collectors.sources.formats.documents import UnparseableError
from collectors.tools.definition import ToolAsRead, canonical, shown
from collectors.tools.files import meaning, tool_files
from collectors.tools.read import tools_of
from collectors.transcripts.mcp_names import defined_servers


def texts_of(context: Context, tools: Collection[Tool]) -> Mapping[str, ToolAsRead]:
    """By the id of its record: the definition that a record is about, where that still stands somewhere. Each file is
    read once, however many tools are asked for."""
    wanted = {(tool.owner, tool.definition_hash): tool for tool in tools if tool.definition_hash}
    names = {tool.name for tool in wanted.values()}
    found: dict[tuple[str | None, str | None], ToolAsRead] = {}
    for home in context.homes:
        if home.reachable and any(owner == home.owner for owner, _ in wanted):
            for one in _named(context, home, names):
                found.setdefault((home.owner, hashlib.sha256(canonical(one)).hexdigest()), one)
    known = ((tool.id, found.get((tool.owner, tool.definition_hash))) for tool in tools)
    return {id_: one for id_, one in known if one}


def _named(context: Context, home: Home, names: Collection[str]) -> Iterator[ToolAsRead]:
    """All definitions of tools of these names that this account's clients keep."""
    for client in context.catalog.clients.values():
        files, _ = tool_files(context, home, client)
        if not files:
            continue
        means = meaning(client, defined_servers(context, home, client))
        for file in files:
            with suppress(OSError, UnreadableError, UnparseableError):
                for _, one, _, _ in tools_of(context, home, file.recent.path, file.captures, file.part, means):
                    if shown(one.name) in names:
                        yield one
