"""Servers that a marketplace lists for an installed plug-in which has no manifest of its own."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from collectors.catalog.client import SERVERS_OF_A_START, Client, Listing
from collectors.contract import Context
from collectors.locate.brought import Brought, BroughtFile, BroughtText
from collectors.locate.declared import local
from collectors.locate.ecosystems import expand
from collectors.locate.interest import Interest, Root
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import UnreadableError
from collectors.sources.formats.documents import UnparseableError, parse
from collectors.sources.formats.keypath import find

_MOST_FILES = 50
_MOST_PLUGINS = 20_000


def listed(context: Context, home: Home, roots: Iterable[Root]) -> Iterator[Brought]:
    """What marketplaces say of these plug-ins, as far as that is what their client goes by."""
    documents: dict[str, Any] = {}
    for root in roots:
        client = context.catalog.clients.get(root.client or "")
        for listing in client.listing if client else ():
            name, _, marketplace = root.label.partition("@")
            if not marketplace or context.files.exists(f"{root.path}/{listing.unless}", home):
                continue
            for path in _files(context, home, listing, marketplace, documents):
                document = _document(context, home, path, documents)
                if client:
                    yield from _of_entry(context, home, client, listing, root, path, name, document)


def _files(
    context: Context, home: Home, listing: Listing, marketplace: str, documents: dict[str, Any]
) -> Iterator[str]:
    """The marketplace's own file, in the folder where the client keeps it."""
    for path in expand(context, listing.on(context.os_of(home)), home):
        for found in find(_document(context, home, path, documents), listing.at):
            folder = local(found.value, home) if isinstance(found.value, str) else None
            if folder and found.captures[:1] == (marketplace,):
                yield f"{folder}/{listing.file}"


def _of_entry(
    context: Context, home: Home, client: Client, listing: Listing, root: Root, path: str, name: str, document: Any
) -> Iterator[Brought]:
    part = SERVERS_OF_A_START.model_copy(update={"scope": "extension"})
    interests = (Interest(client, part, root),)
    for found in islice(find(document, f"{listing.entries}[]"), _MOST_PLUGINS):
        entry = found.value if isinstance(found.value, dict) and found.value.get("name") == name else {}
        servers = entry.get(listing.servers)
        if isinstance(servers, dict):
            yield BroughtText({listing.servers: servers}, interests, path, found.key)
        texts = servers if isinstance(servers, list) else [servers]
        for text in islice((text for text in texts if isinstance(text, str)), _MOST_FILES):
            named = posixpath.normpath(f"{root.path}/{text}")
            if named.startswith(f"{root.path}/") and "\0" not in named:
                yield BroughtFile(named, interests)


def _document(context: Context, home: Home, path: str, documents: dict[str, Any]) -> Any:
    """The document in a file, read once; nothing where it cannot be read: a plug-in of it is told as such anyway."""
    if path not in documents:
        documents[path] = None
        with suppress(FileNotFoundError, UnreadableError, UnparseableError):
            documents[path] = parse(context.files.read(path, home), "json", context.limits).value
    return documents[path]
