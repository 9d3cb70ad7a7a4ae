"""How far a transcript has been read: what survives a restart of the reader."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, fields, replace

from collectors.transcripts.calls import SessionFacts

_PROVED = 256
"""Bytes before the offset whose digest shows that the file still begins as it did."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where to go on in one file."""

    inode: int = 0
    size: int = 0
    modified: int = 0
    """Of the file as it was last read to its end, nanoseconds; one that is like this holds nothing new."""
    offset: int = 0
    """Bytes of lines that are done, or the last value of a table's order column."""
    digest: str = ""
    hold: int | None = None
    """Where the first entry of a call stands that was open still: whoever starts anew reads from there."""
    session: str = ""
    """The session that the lines before belong to, and what is known of it."""
    version: str | None = None
    folder: str | None = None
    model: str | None = None
    provider: str | None = None
    mode: str | None = None
    parent_session: str | None = None

    def is_like(self, inode: int, size: int, modified: int) -> bool:
        return (self.inode, self.size, self.modified) == (inode, size, modified)

    def with_session(self, session: str, facts: SessionFacts | None) -> Position:
        if facts is None:
            return replace(self, session=session)
        return replace(
            self,
            session=session,
            version=facts.version,
            folder=facts.folder,
            model=facts.model,
            provider=facts.provider,
            mode=facts.mode,
            parent_session=facts.parent_session,
        )

    def facts(self) -> SessionFacts:
        return SessionFacts(self.version, self.folder, self.model, self.provider, self.mode, self.parent_session)

    def to_json(self) -> str:
        told = {name: value for name in _FIELDS if (value := getattr(self, name)) not in (None, "")}
        return json.dumps(told, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Position:
        """Of what another version wrote the part that is understood."""
        try:
            found = json.loads(text)
            return cls(**{name: value for name, value in found.items() if name in cls.__dataclass_fields__})
        except (ValueError, TypeError, AttributeError):
            return cls()


_FIELDS = tuple(field.name for field in fields(Position))


def digest_before(file: int, offset: int) -> str:
    """Of the bytes just before an offset; of nothing at the start."""
    start = max(0, offset - _PROVED)
    os.lseek(file, start, os.SEEK_SET)
    return hashlib.sha256(os.read(file, offset - start)).hexdigest()[:16] if offset else ""
