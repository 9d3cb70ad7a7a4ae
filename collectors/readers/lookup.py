"""Entries that name a server which another file describes: a registry of names, and the catalogue beside it."""

from __future__ import annotations

from itertools import islice
from typing import Any

from collectors.catalog.client import ConfigFile
from collectors.contract import Context
from collectors.locate.ecosystems import expand
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import UnreadableError
from collectors.sources.formats.documents import UnparseableError, parse
from collectors.sources.formats.keypath import find

_MOST_FILES = 20


def looked_up(context: Context, home: Home | None, document: object, part: ConfigFile) -> object:
    """The document, its entries completed by what the files of `part.catalogue` say of their names."""
    if part.catalogue is None or not isinstance(document, dict):
        return document
    known = _described(context, home, part)
    for servers in part.servers:
        entries = document.get(servers.at)
        if isinstance(entries, dict):
            whole = {name: {**known.get(name, {}), **(entry or {})} for name, entry in entries.items() if _fits(entry)}
            document = {**document, servers.at: {**entries, **whole}}
    return document


def _fits(entry: object) -> bool:
    return entry is None or isinstance(entry, dict)


def _described(context: Context, home: Home | None, part: ConfigFile) -> dict[str, dict[str, Any]]:
    described: dict[str, dict[str, Any]] = {}
    catalogue = part.catalogue
    for path in islice(expand(context, catalogue.on(context.os_of(home)), home), _MOST_FILES) if catalogue else ():
        try:
            value = parse(context.files.read(path, home), part.format, context.limits).value
        except (FileNotFoundError, UnreadableError, UnparseableError):
            continue  # the names stay, and that nothing is known of what they start
        for found in find(value, catalogue.at if catalogue else ""):
            if isinstance(found.value, dict):
                described |= {name: entry for name, entry in found.value.items() if isinstance(entry, dict)}
    return described
