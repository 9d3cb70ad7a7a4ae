"""The entry that a server was read from, as it stands in its file: only for who starts the server."""

from __future__ import annotations

from collections.abc import Iterable

from agent.records import McpServer
from collectors.catalog.client import ConfigFile
from collectors.contract import Context
from collectors.locate.interest import Interest
from collectors.readers.lookup import looked_up
from collectors.readers.origin import Origin
from collectors.readers.server_entry import Entry
from collectors.readers.servers import Definition, read_definitions
from collectors.sources.account import Home
from collectors.sources.formats.embedded import parse_at


def entry_of(
    context: Context, home: Home | None, path: str, interests: Iterable[Interest], server: McpServer
) -> Entry | None:
    """None where the file has another definition by now. Raises `OSError`, `UnreadableError`, `UnparseableError`."""
    data = context.files.read(path, home)
    for interest in interests:
        part = interest.part
        if not isinstance(part, ConfigFile) or interest.client.id != server.agent:
            continue
        origin = Origin.of(context, home, path, interest)
        document = parse_at(path, data, part.format, interest.inside, context.limits)
        value = looked_up(context, home, document.value, part) if document else None
        for found in read_definitions(value, part, interest.client.dialect, context.limits, origin.stem):
            if isinstance(found, Definition) and origin.key(found.key) == server.source.key:
                return found.entry if found.launch_hash == server.launch_hash else None
    return None
