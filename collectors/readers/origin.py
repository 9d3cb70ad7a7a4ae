"""Where a fact of a client's file comes from: whose it is, which client reads it, for which project or plug-in."""

from __future__ import annotations

from typing import NamedTuple

from agent.redaction import redact
from collectors.contract import Context
from collectors.locate.interest import Interest
from collectors.sources.account import Home


class Origin(NamedTuple):
    """What all records that come out of one reading of one file share."""

    endpoint_id: str
    home: Home | None
    path: str
    shown: str
    agent: str
    project: str | None
    extension: str | None
    captures: tuple[str, ...]
    inside: str = ""
    """Name of the value of the file that is the document; empty: all of it is."""

    @property
    def owner(self) -> str | None:
        return self.home.owner if self.home else None

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        name = self.path.rpartition("/")[2]
        return name.partition(".")[0] or name

    def key(self, key: str) -> str:
        """A key path of the document as one of the file."""
        dot = "." if self.inside and key and not key.startswith("[") else ""
        return f"{self.inside}{dot}{key}"

    @classmethod
    def of(cls, context: Context, home: Home | None, path: str, reading: Interest) -> Origin:
        root, captures = reading.root, reading.captures
        extension = root.label if root and root.kind == "extension" else None
        if root is None and getattr(reading.part, "scope", None) == "extension" and captures:
            extension = captures[min(getattr(reading.part, "extension_at", 1), len(captures)) - 1]
        return cls(
            endpoint_id=context.endpoint_id,
            home=home,
            path=path,
            shown=redact.path(context.files.shown(path)),
            agent=reading.client.id,
            project=root.label if root and root.kind == "project" else None,
            extension=extension,
            captures=captures,
            inside=reading.inside,
        )
