"""Where a record stands: the file and the key in it."""

from __future__ import annotations

from typing import NamedTuple

from agent.records import Artifact, Diagnostic, McpServer, ModelProvider, Posture, Record, Source


class Place(NamedTuple):
    """A file as the observed machine names it, and what in it."""

    path: str
    key: str | None = None
    line: int | None = None

    def text(self) -> str:
        """For a person: `/home/a/.x.json:12: servers.files`."""
        line = f":{self.line}" if self.line else ""
        return f"{self.path}{line}{f': {self.key}' if self.key else ''}"


def place_of(record: Record | None, line: int | None = None) -> Place | None:
    """None for what stands in no file, such as a process."""
    match record:
        case McpServer(source=Source() as source) | Artifact(source=Source() as source):
            return Place(source.path, source.key or None, line)
        case ModelProvider(source=Source() as source) | Posture(source=Source() as source):
            return Place(source.path, source.key or None, line)
        case Diagnostic(path=str(path)):
            return Place(path, record.key, record.line or line)
    return _seen_in(record) if record else None


def where(record: Record | None, line: int | None = None) -> str | None:
    """For a person: the place, or the process, that a record was seen in."""
    if record is None:
        return None
    place = place_of(record, line)
    return place.text() if place else record.evidence.source


def _seen_in(record: Record) -> Place | None:
    source = record.evidence.source or ""
    return Place(source) if source.startswith("/") or source[1:3] in (":\\", ":/") else None
