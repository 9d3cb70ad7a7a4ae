"""One configuration file turned into records: its server definitions, or the diagnostic that says why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from agent.records import Diagnostic, Evidence, McpServer, Record, Source
from collectors.contract import Context, Home, Observation, Scope
from collectors.definitions import Definition, read_definitions
from collectors.places import Reading
from collectors.sources.documents import Document, Unparseable, parse
from collectors.sources.files import Unreadable

NAME = "configs"


def observe_file(context: Context, home: Home | None, path: str, readings: Iterable[Reading]) -> Observation:
    """All records of one file for one account (None: the machine). A file that is absent has none."""
    scope = Scope(NAME, home.owner if home else "", path)
    read = _Reader(context, home, path)
    try:
        data = context.files.read(path, home)
        documents: dict[str, Document] = {}
        records: list[Record] = []
        for reading in readings:
            kind = reading.config.format
            if kind not in documents:
                documents[kind] = parse(data, kind, context.limits)
                records += (read.diagnostic(note.code, note.message, line=note.line) for note in documents[kind].notes)
            records += read.definitions(documents[kind].value, reading)
        return Observation(scope, tuple(records))
    except FileNotFoundError:
        return Observation(scope)
    except Unreadable as error:
        return Observation(scope, (read.diagnostic(error.code, error.message, "error"),), unknown=True)
    except Unparseable as error:
        # An empty file defines nothing and says so; any other unreadable text might define something.
        empty = error.code == "parse.empty"
        severity: Literal["info", "error"] = "info" if empty else "error"
        record = read.diagnostic(error.code, error.message, severity, error.line, error.column)
        return Observation(scope, (record,), unknown=not empty)


class _Reader:
    """The facts that every record of one file shares."""

    def __init__(self, context: Context, home: Home | None, path: str) -> None:
        self.context = context
        self.owner = home.owner if home else None
        self.shown = context.files.shown(path)

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
        return Diagnostic.of(
            endpoint_id=self.context.endpoint_id,
            owner=self.owner,
            evidence=Evidence(collector=NAME, source=self.shown, confidence="confirmed"),
            severity=severity,
            code=code,
            message=message,
            path=self.shown,
            line=line,
            column=column,
            key=key,
            agent=agent,
        )

    def definitions(self, document: object, reading: Reading) -> Iterator[Record]:
        client = reading.client
        for found in read_definitions(document, reading.config, client.dialect, self.context.limits):
            if isinstance(found, Definition):
                yield self.server(found, reading)
            else:
                yield self.diagnostic(found.code, found.message, key=found.key, agent=client.id)

    def server(self, found: Definition, reading: Reading) -> McpServer:
        root = reading.root
        project = root.label if root and root.kind == "project" else None
        return McpServer.of(
            endpoint_id=self.context.endpoint_id,
            owner=self.owner,
            evidence=Evidence(collector=NAME, source=self.shown),
            agent=reading.client.id,
            name=found.name,
            scope=found.scope,
            project=found.captures[0] if found.scope == "local" and found.captures else project,
            extension=root.label if root and root.kind == "extension" else None,
            transport=found.transport,
            command=found.command,
            args=found.args,
            package=found.package,
            pinned=found.pinned,
            url=found.url,
            env_names=found.env_names,
            header_names=found.header_names,
            enabled=found.enabled,
            inline_secret=found.inline_secret,
            launch_hash=found.launch_hash,
            source=Source(path=self.shown, key=found.key),
        )
