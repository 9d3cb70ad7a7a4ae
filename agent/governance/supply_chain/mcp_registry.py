"""An offline copy of the MCP registry: which packages and URLs it knows. Registered is not vetted.

The file holds answers to `GET /v0/servers`, one or more pages one after the other
(https://github.com/modelcontextprotocol/registry, docs/reference/api). It is read entry by entry, and only a hash of
each name stays in memory.
"""

from __future__ import annotations

import json
import os
import re
from array import array
from bisect import bisect_left
from codecs import getincrementaldecoder
from collections.abc import Iterator
from hashlib import blake2b

from agent.records import McpServer
from agent.redaction import redact
from collectors.launch.packages import comparable, image, package_name
from collectors.sources.filesystem.file_tree import FileTree

_CHUNK = 256 * 1024
_MOST_BYTES = 256 * 1024 * 1024
_MOST_ENTRY = 1024 * 1024
_LIST = re.compile(r'"servers"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


class Registered:
    """Which packages and URLs are registered."""

    def __init__(self, names: Iterator[str] | tuple[str, ...] = ()) -> None:
        self._hashes = array("Q", sorted({_hash(name) for name in names}))

    def __len__(self) -> int:
        return len(self._hashes)

    def knows(self, server: McpServer) -> bool | None:
        """Whether the registry knows its URL or package, of a bridge its far end; None where it has neither."""
        url = server.url or server.remote_url
        name = _url(url) if url else comparable(package_name(server.package)) if server.package else None
        if not name or not self._hashes:
            return None
        wanted = _hash(name)
        at = bisect_left(self._hashes, wanted)
        return at < len(self._hashes) and self._hashes[at] == wanted


def read_registry(path: str) -> Registered:
    """The snapshot in a file of at most 256 MB. Raises `OSError`, `UnreadableError` and `ValueError`."""
    with FileTree().opened(path) as file:
        if os.fstat(file).st_size > _MOST_BYTES:
            raise ValueError(f"it is larger than {_MOST_BYTES} bytes")
        registered = Registered(name for entry in _entries(file) for name in _names(entry))
    if not registered:
        raise ValueError("no server with a package or URL is in it")
    return registered


def _entries(file: int) -> Iterator[object]:
    """The elements of every list of servers, decoded one at a time."""
    decode, reader = getincrementaldecoder("utf-8")("replace").decode, _Reader()
    while data := os.read(file, _CHUNK):
        yield from reader.feed(decode(data))
    if reader.inside:
        raise ValueError("it ends within a list of servers")


class _Reader:
    """Takes JSON text in pieces; what is not complete yet waits for the next one."""

    def __init__(self) -> None:
        self._text = ""
        self._decoder = json.JSONDecoder()
        self.inside = False
        """Whether the text ends within a list of servers."""

    def feed(self, piece: str) -> Iterator[object]:
        text, at = self._text + piece, 0
        start: re.Match[str] | None = None
        while self.inside or (start := _LIST.search(text, at)):
            at = _skip(text, start.end() if start else at)
            start, self.inside = None, True
            if text[at : at + 1] == "]":
                at, self.inside = at + 1, False
                continue
            try:
                entry, at = self._decoder.raw_decode(text, at)
            except (json.JSONDecodeError, RecursionError):
                break
            yield entry
        self._text = text[at if self.inside else max(at, len(text) - 64) :]
        if len(self._text) > _MOST_ENTRY:
            raise ValueError("one entry is too large, or it is no list of servers")


def _skip(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def _names(entry: object) -> Iterator[str]:
    """What a configuration would name the server by, in today's spelling of the registry and in earlier ones."""
    server = entry.get("server", entry) if isinstance(entry, dict) else None
    if not isinstance(server, dict):
        return
    for package in _dicts(server.get("packages")):
        kind = package.get("registryType") or package.get("registry_type") or package.get("registry_name")
        name = package.get("identifier") or package.get("name")
        if isinstance(kind, str) and isinstance(name, str) and len(name) <= 512:
            yield from _package(kind.lower(), name)
    for remote in _dicts(server.get("remotes")):
        text = remote.get("url")
        if isinstance(text, str) and (url := _url(text)):
            yield url


def _package(kind: str, name: str) -> Iterator[str]:
    if kind in ("oci", "docker"):
        found = image(name)
        if found:
            yield package_name(found.purl)
    else:
        yield comparable(f"{kind}:{name}")


def _dicts(value: object) -> list[dict[str, object]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _url(url: str) -> str | None:
    """As records show it, without what does not tell two servers apart."""
    shown = redact.url(url[:4096]).url
    return shown.lower().rstrip("/") if shown else None


def _hash(name: str) -> int:
    return int.from_bytes(blake2b(name.encode("utf-8", "replace"), digest_size=8).digest(), "big")
