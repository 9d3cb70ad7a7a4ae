"""For one file: which catalog entry reads it, why, and the records that come out of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import cast

from agent.records import Diagnostic, McpServer, Record, Source
from agent.terminal import plain
from collectors.catalog.schema import Client, ConfigFile
from collectors.contract import Context
from collectors.places import Reading
from collectors.reading import observe_file
from collectors.sources.registry import is_key

_SYSTEMS = ("linux", "macos", "windows")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one file means to one client."""

    path: str
    client: Client | None
    reason: str
    records: tuple[Record, ...] = ()


def explain(context: Context, path: str, client_id: str | None = None) -> list[Explanation]:
    """How each client that reads a file at this place reads it; with `client_id`, as if it lay where that one looks.

    The file is read with the rights of the caller.
    """
    absolute = os.path.abspath(path)
    if client_id:
        matches = _best(context.catalog.clients[client_id], absolute)
    else:
        matches = [m for client in context.catalog.clients.values() for m in _best(client, absolute) if m.whole]
    if not matches:
        return [Explanation(path, None, "no catalog entry reads a file of this name at this place")]
    found: dict[str, Explanation] = {}
    for match in matches:
        known = found.get(match.client.id)
        if known is None or not _servers(known):
            now = _read(context, path, absolute, match)
            if known is None or _servers(now):
                found[match.client.id] = now
    return _without_what_others_read(list(found.values()))


def _without_what_others_read(found: list[Explanation]) -> list[Explanation]:
    """Servers under a key that one client does not read are no news where another one does."""
    read = {r.source.key.partition(".")[0] for item in found for r in item.records if isinstance(r, McpServer)}
    return [
        replace(item, records=tuple(r for r in item.records if not (isinstance(r, Diagnostic) and _is_read(r, read))))
        for item in found
    ]


def _is_read(record: Diagnostic, read: set[str]) -> bool:
    return record.code == "definition.unread" and record.key in read


@dataclass(frozen=True, slots=True)
class _Match:
    client: Client
    config: ConfigFile
    template: str
    length: int
    """Components, counted from the end, in which path and template agree."""
    whole: bool
    """All components after the template's start agree."""


def _best(client: Client, path: str) -> list[_Match]:
    """The client's files that fit a path best, by how many components agree; those with servers first."""
    matches = [
        match
        for config in client.config
        for template in sorted({template for os_ in _SYSTEMS for template in config.on(os_)})
        if not is_key(template) and (match := _match(client, config, template, path))
    ]
    if not matches:
        matches = [_Match(client, c, c.on("linux")[0] if c.on("linux") else "", 0, False) for c in client.config]
        matches = [match for match in matches if _suffix(match.template) == _suffix(path)]
    best_fit = max(((match.whole, match.length) for match in matches), default=None)
    best = [match for match in matches if (match.whole, match.length) == best_fit]
    return sorted(best, key=lambda match: not match.config.servers)


def _match(client: Client, config: ConfigFile, template: str, path: str) -> _Match | None:
    parts, wanted = path.split("/"), template.partition("#")[0].split("/")
    anchored = wanted[0] in ("", "~") or wanted[0].startswith("{") or wanted[0].endswith(":")
    tail = wanted[1:] if anchored else wanted
    length = 0
    while length < len(tail) and length < len(parts) and fnmatchcase(parts[-1 - length], tail[-1 - length]):
        length += 1
    if not length:
        return None
    return _Match(client, config, template, length, length == len(tail))


def _suffix(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[2] if "." in name else ""


def _read(context: Context, path: str, absolute: str, match: _Match) -> Explanation:
    client, config = match.client, match.config
    seen = observe_file(context, None, absolute, [Reading(client, config, inside=match.template.partition("#")[2])])
    records = tuple(_as_given(record, path) for record in seen.records)
    reason = f"{client.name} reads {match.template} in {config.scope} scope ({config.source}, {config.checked})"
    if not os.path.lexists(absolute):
        reason = "no such file"
    return Explanation(path, client, reason, records)


def _as_given(record: Record, path: str) -> Record:
    evidence = record.evidence.model_copy(update={"source": path})
    if record.kind == "mcp_server":
        server = cast(McpServer, record)
        return server.model_copy(update={"evidence": evidence, "source": Source(path=path, key=server.source.key)})
    if record.kind == "diagnostic":
        return cast(Diagnostic, record).model_copy(update={"evidence": evidence, "path": path})
    return record


def _servers(explanation: Explanation) -> bool:
    return any(record.kind == "mcp_server" for record in explanation.records)


def lines(explanations: list[Explanation]) -> Iterator[str]:
    """For a person: the reason, then a line a record."""
    for explanation in explanations:
        yield plain(f"{explanation.path}: {explanation.reason}")
        for record in explanation.records:
            if isinstance(record, McpServer):
                target = record.package or record.url or record.command or "-"
                yield plain(f"  {record.scope} {record.transport} {record.name}: {target}")
            elif isinstance(record, Diagnostic):
                place = ":".join(str(part) for part in (record.line, record.column) if part)
                yield plain(f"  {record.severity} {record.code} {place}: {record.message}")
