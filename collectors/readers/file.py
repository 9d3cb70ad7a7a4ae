"""One file of a client turned into records: definitions, artifacts, providers, or the diagnostic that says why not."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Literal

from agent.records import Diagnostic, Evidence, McpServer, Record, Source
from agent.redaction import redact
from agent.redaction.redact import printable
from collectors.catalog.client import Artifact, ConfigFile, Provider, SignedIn
from collectors.catalog.permissions import PosturePart
from collectors.contract import Context, Observation, Scope
from collectors.locate.interest import NAME, Interest
from collectors.locate.path_index import named_like_one
from collectors.reach.data_sources import data_sources
from collectors.readers.artifacts import entry_artifacts, file_artifact
from collectors.readers.editor_item import editor_item, is_state
from collectors.readers.ignored import ignoring
from collectors.readers.launch_file import launch_file
from collectors.readers.lookup import looked_up
from collectors.readers.origin import Origin
from collectors.readers.packages_on_disk import packages_on_disk
from collectors.readers.posture import postures
from collectors.readers.providers import providers
from collectors.readers.room import Room
from collectors.readers.servers import Definition, read_definitions
from collectors.readers.sign_ins import sign_ins
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import UnreadableError
from collectors.sources.formats.documents import Document, UnparseableError
from collectors.sources.formats.embedded import parse_at

_TELLING = ConfigFile | Artifact | Provider | SignedIn | PosturePart


def observe_file(
    context: Context, home: Home | None, path: str, readings: Iterable[Interest], room: Room | None = None
) -> Observation:
    """All records of one file for one account (None: the machine), as far as there is room for them. A file that is
    absent has none."""
    room = room or Room()
    scope = Scope(NAME, home.owner if home else "", path)
    about = [reading for reading in readings if isinstance(reading.part, _TELLING)]
    about.sort(key=lambda reading: reading.shared)
    if home and about and all(reading.root and reading.root.word_of for reading in about):
        home = next(reading.root.seen_by(home) for reading in about if reading.root)
    # Of several readers the first is the one whose own file it is.
    file = _File(context, home, path, about[0].client.id if about else None)
    records: list[Record] = []
    deadline = time.thread_time() + context.limits.file_seconds
    if about and all(reading.last_resort for reading in about):
        return Observation(scope, tuple(file.servers_at_most(about[0])))
    try:
        for record in file.records(about) if about else ():
            if not room.takes(record):
                message = f"there is no room for more: of what it says, {len(records)} records were read"
                records.append(file.diagnostic("budget.exceeded", message, "error"))
                return Observation(scope, tuple(records), unknown=True)
            records.append(record)
            context.alive()
            if time.thread_time() > deadline:
                message = f"reading it takes too long: of what it says, {len(records)} records were read"
                records.append(file.diagnostic("file.too_costly", message, "error"))
                return Observation(scope, tuple(records), unknown=True)
        return Observation(scope, tuple(records))
    except FileNotFoundError:
        return Observation(scope)
    except UnreadableError as error:
        return Observation(scope, (file.diagnostic(error.code, error.message, "error"),), unknown=True)
    except UnparseableError as error:
        # An empty file defines nothing and says so; any other unreadable text might define something.
        empty = error.code == "parse.empty"
        severity: Literal["info", "error"] = "info" if empty else "error"
        record = file.diagnostic(error.code, error.message, severity, error.line, error.column)
        return Observation(scope, (record,), unknown=not empty)


def read_text(
    context: Context, home: Home, source: str, key: str, document: object, readings: Iterable[Interest]
) -> Iterator[Record]:
    """All records of a document that stands in a command line or in the environment."""
    for reading in readings:
        file = _File(context, home, source, reading.client.id)
        origin = Origin.of(context, home, source, reading)._replace(inside=key)
        yield from file.from_document(document, origin, reading)


class _File:
    """One file, read once and parsed once per format."""

    def __init__(self, context: Context, home: Home | None, path: str, agent: str | None) -> None:
        self.agent = agent
        self.context = context
        self.home = home
        self.path = path
        self.shown = redact.path(context.files.shown(path))
        self.read_by_some: set[str] = set()
        """Keys under which some client reads servers: to one that does not they are no news."""

    def records(self, readings: Iterable[Interest]) -> Iterator[Record]:
        readings = list(readings)
        if is_state(self.path):
            yield from self._items(readings)
            return
        if all(isinstance(r.part, Artifact) and r.part.at is None for r in readings):
            yield from self._whole(readings)
            return
        data = self.context.files.read(self.path, self.home)
        documents: dict[tuple[str, str], Document | None] = {}
        places = [at.at for r in readings if isinstance(r.part, ConfigFile) for at in r.part.servers]
        # A key may hold dots itself.
        self.read_by_some = {key for place in places for key in (place, place.partition(".")[0])}
        ignored = {told.client: told for told in ignoring(self.path, data, readings, self.context.limits)}
        for told in ignored.values():
            yield self.diagnostic("file.ignored", told.why, "error", told.line, key=told.key, agent=told.client)
        for reading in readings:
            if reading.client.id in ignored:
                continue
            origin = Origin.of(self.context, self.home, self.path, reading)
            part = reading.part
            if isinstance(part, Artifact) and part.at is None:
                yield file_artifact(self.context, origin, part)
                continue
            if not isinstance(part, _TELLING):
                continue
            kind = part.format, reading.inside
            if kind not in documents:
                documents[kind] = parse_at(self.path, data, *kind, self.context.limits)
                yield from self._notes(documents[kind])
            if document := documents[kind]:
                yield from self.from_document(document.value, origin, reading)

    def _items(self, readings: Iterable[Interest]) -> Iterator[Record]:
        """What stands under single keys of an editor's state."""
        for reading in readings:
            if document := editor_item(self.context, self.home, self.path, reading.inside):
                origin = Origin.of(self.context, self.home, self.path, reading)
                yield from self.from_document(document.value, origin, reading)

    def _whole(self, readings: Iterable[Interest]) -> Iterator[Record]:
        """Of a file that nobody takes apart only its hash is needed."""
        for reading in readings:
            if isinstance(reading.part, Artifact):
                origin = Origin.of(self.context, self.home, self.path, reading)
                yield file_artifact(self.context, origin, reading.part)

    def servers_at_most(self, reading: Interest) -> Iterator[Record]:
        """The servers in a file that no known client reads; where there are none, a file of that name is told."""
        found: list[Record] = []
        part = reading.part
        if not isinstance(part, ConfigFile):
            return
        with suppress(FileNotFoundError, UnreadableError, UnparseableError):
            data = self.context.files.read(self.path, self.home)
            if b"mcp" in data.lower() or b"context_servers" in data or "mcp" in self.path.lower():
                document = parse_at(self.path, data, part.format, "", self.context.limits)
                origin = Origin.of(self.context, self.home, self.path, reading)
                told = self.from_document(document.value, origin, reading) if document else ()
                found = [record for record in told if isinstance(record, McpServer)]
        yield from found
        if not found and named_like_one(self.path):
            yield self.diagnostic("catalog.unknown_file", "no known client reads this file", "info", agent=None)

    def _notes(self, document: Document | None) -> Iterator[Diagnostic]:
        for note in document.notes if document else ():
            key = note.key and redact.name(note.key)[:80]
            yield self.diagnostic(note.code, note.message, line=note.line, key=key)

    def from_document(self, document: object, origin: Origin, reading: Interest) -> Iterator[Record]:
        part = reading.part
        if isinstance(part, ConfigFile):
            document = looked_up(self.context, self.home, document, part)
            seen_by = self.context.files.at_word_of(self.path, self.home)
            for found in read_definitions(document, part, reading.client.dialect, self.context.limits, origin.stem):
                if isinstance(found, Definition):
                    yield _server(self.context, found, origin, seen_by)
                elif found.code != "definition.unread" or found.key not in self.read_by_some:
                    # What is beyond the limit is unknown; what is merely wrong is no server to any client.
                    grave: Literal["error", "warning"] = "error" if found.code == "definition.too_many" else "warning"
                    yield self.diagnostic(found.code, found.message, grave, key=found.key, agent=reading.client.id)
        elif isinstance(part, Artifact):
            yield from entry_artifacts(document, origin, part)
        elif isinstance(part, Provider):
            yield from providers(document, origin, part)
        elif isinstance(part, SignedIn):
            yield from sign_ins(document, origin, part)
        elif isinstance(part, PosturePart):
            for posture in postures(document, origin, part):
                yield posture
                if posture.unknown:
                    message = f"{len(posture.unknown)} permission settings of an unknown type or value"
                    key = posture.unknown[0]
                    yield self.diagnostic("posture.not_understood", message, key=key, agent=reading.client.id)

    def diagnostic(
        self,
        code: str,
        message: str,
        severity: Literal["info", "warning", "error"] = "warning",
        line: int | None = None,
        column: int | None = None,
        key: str | None = None,
        agent: str | None = None,
    ) -> Diagnostic:
        return Diagnostic(
            endpoint_id=self.context.endpoint_id,
            owner=self.home.owner if self.home else None,
            evidence=Evidence(collector=NAME, source=self.shown, confidence="confirmed"),
            severity=severity,
            code=code,
            message=message,
            path=self.shown,
            line=line,
            column=column,
            key=key,
            agent=agent or self.agent,
        )


def _server(context: Context, found: Definition, origin: Origin, seen_by: Home | None) -> McpServer:
    return McpServer(
        endpoint_id=origin.endpoint_id,
        owner=origin.owner,
        evidence=Evidence(collector=NAME, source=origin.shown),
        agent=origin.agent,
        name=found.name,
        scope=found.scope,
        project=printable(found.captures[0]) if found.scope == "local" and found.captures else origin.project,
        extension=origin.extension,
        transport=found.transport,
        command=found.command,
        args=found.args,
        package=found.package,
        pinned=found.pinned,
        url=found.url,
        remote_url=found.remote_url,
        env_names=found.env_names,
        injects=found.injects,
        header_names=found.header_names,
        enabled=found.enabled,
        shows=found.shows,
        hides=found.hides,
        loaded=found.loaded,
        inline_secret=found.inline_secret,
        data=data_sources(found.command, found.args, found.package, found.url or found.remote_url, found.env_names),
        launch_file=launch_file(context, seen_by, found.command, found.args, origin.project),
        on_disk=packages_on_disk(context, seen_by, found.package, found.args, origin.project),
        launch_hash=found.launch_hash,
        source=Source(path=origin.shown, key=origin.key(found.key)),
    )
