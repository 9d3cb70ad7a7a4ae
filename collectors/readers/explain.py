"""For one file: which catalog entry reads it, why, and the records that come out of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from agent.records import Diagnostic, McpServer, Record
from collectors.catalog.client import Artifact, Client, ConfigFile, Provider, SignedIn
from collectors.catalog.permissions import PosturePart
from collectors.contract import Context
from collectors.locate.interest import Interest
from collectors.readers.file import observe_file
from collectors.sources.filesystem.windows_registry import is_key

_SYSTEMS = ("linux", "macos", "windows")

_Part = ConfigFile | Artifact | Provider | SignedIn | PosturePart


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one file means to one client."""

    path: str
    client: Client | None
    reason: str
    records: tuple[Record, ...] = ()


def explain(context: Context, path: str, client_id: str | None = None) -> list[Explanation]:
    """How each client that reads a file at this place reads it; with `client_id`, as if it lay where that one looks.

    The file is read with the rights of the caller, for all that the client reads at the same place: servers,
    permissions, hooks and other artifacts, providers, who is signed in.
    """
    absolute = Path(os.path.abspath(path)).as_posix()
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
    part: _Part
    template: str
    captures: tuple[str, ...]
    """What the `*` of the template stand for, as far as it and the path agree."""
    length: int
    """Components, counted from the end, in which path and template agree."""
    whole: bool
    """All components after the template's start agree."""


def _best(client: Client, path: str) -> list[_Match]:
    """The client's files that fit a path best, by how many components agree; those with servers first."""
    configs, others = list(_matches(client, client.config, path)), list(_matches(client, _others(client), path))
    if not any(match.whole for match in configs):
        configs = [match for match in others if match.whole] or configs
    if not configs:
        configs = [_Match(client, c, c.on("linux")[0] if c.on("linux") else "", (), 0, False) for c in client.config]
        configs = [match for match in configs if _suffix(match.template) == _suffix(path)]
    best_fit = max(((match.whole, match.length) for match in configs), default=None)
    best = [match for match in configs if (match.whole, match.length) == best_fit]
    return sorted(best, key=lambda match: not (isinstance(match.part, ConfigFile) and match.part.servers))


def _others(client: Client) -> Iterator[_Part]:
    """What the client reads besides its configuration proper, and in the same files."""
    yield from client.artifact
    yield from client.provider
    yield from client.signed_in
    yield from (part for posture in client.posture for part in posture.parts)


def _matches(client: Client, parts: Iterable[_Part], path: str) -> Iterator[_Match]:
    for part in parts:
        for template in sorted({template for os_ in _SYSTEMS for template in part.on(os_)}):
            if not is_key(template) and (match := _match(client, part, template, path)):
                yield match


def _match(client: Client, part: _Part, template: str, path: str) -> _Match | None:
    parts, wanted = path.split("/"), template.partition("#")[0].split("/")
    anchored = wanted[0] in ("", "~") or wanted[0].startswith("{") or wanted[0].endswith(":")
    tail = wanted[1:] if anchored else wanted
    captures: list[str] = []
    length = 0
    for pattern, name in zip(reversed(tail), reversed(parts), strict=False):
        expression = "(.*?)".join(map(re.escape, pattern.split("*")))
        if not (fit := re.fullmatch(expression, name, re.DOTALL)):
            break
        captures[:0] = fit.groups()
        length += 1
    return _Match(client, part, template, tuple(captures), length, length == len(tail)) if length else None


def _suffix(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[2] if "." in name else ""


def _read(context: Context, path: str, absolute: str, match: _Match) -> Explanation:
    client, part = match.client, match.part
    seen = observe_file(context, None, absolute, _readings(match))
    records = tuple(_as_given(record, path) for record in seen.records)
    scope = "user" if isinstance(part, SignedIn) else part.scope
    fact = part.posture if isinstance(part, PosturePart) else part
    reason = f"{client.name} reads {match.template} in {scope} scope ({fact.source}, {fact.checked})"
    if context.files.is_absent(absolute):
        reason = "no such file"
    return Explanation(path, client, reason, records)


def _readings(match: _Match) -> Iterator[Interest]:
    """All that the client reads at the place of the template."""
    place = match.template.partition("#")[0]
    for part in (*match.client.config, *_others(match.client)):
        for template in dict.fromkeys(template for os_ in _SYSTEMS for template in part.on(os_)):
            if template.partition("#")[0] == place:
                yield Interest(match.client, part, None, match.captures, template.partition("#")[2])


def _as_given(record: Record, path: str) -> Record:
    """The record with the file named as the caller did."""
    changes: dict[str, object] = {"evidence": record.evidence.model_copy(update={"source": path})}
    if source := getattr(record, "source", None):
        changes["source"] = source.model_copy(update={"path": path})
    if isinstance(record, Diagnostic):
        changes["path"] = path
    return record.model_copy(update=changes)


def _servers(explanation: Explanation) -> bool:
    return any(record.kind == "mcp_server" for record in explanation.records)
