"""A file of NDJSON for a shipper that runs here already: each entry once, also over crashes."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from agent.delivery.batch import Batch
from agent.delivery.contract import Accepted, Misconfigured, Notice, Outcome, Retry, TargetType
from agent.delivery.filter import Sent, chosen
from agent.delivery.settings import FilteredSettings
from agent.delivery.targets.line_file import last_of, opened, rotate

_PASSING = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


class FileSettings(FilteredSettings):
    """Where the file lies, and how much of it is kept."""

    type: Literal["file"] = "file"
    path: Path
    """The file that is written to; `.1` behind its name is the one before, and so on."""
    rotate_bytes: int = Field(default=100_000_000, ge=1_000_000)
    """Size at which a new one is begun."""
    keep: int = Field(default=5, ge=1, le=1000)
    """Older ones that stay."""

    @field_validator("path")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        if not path.is_absolute():
            raise ValueError("must be an absolute path")
        return path


class FileTarget:
    """Appends, and writes through to the disk before an entry counts as delivered."""

    def __init__(self, settings: FileSettings, on_notice: Notice) -> None:
        self.name = settings.name
        self._settings = settings

    def send(self, batch: Batch) -> Outcome:
        entries = chosen(batch, self._settings)
        try:
            if entries:
                self._write(batch.chain, entries)
        except OSError as error:
            reason = f"{self._settings.path}: {error.strerror or error}"
            return Retry(reason) if error.errno in _PASSING else Misconfigured(reason)
        return Accepted()

    def abort(self) -> None:
        """A write to a disk ends by itself."""

    def close(self) -> None:
        """Nothing is held open between two batches."""

    def _write(self, chain: str, entries: list[Sent]) -> None:
        path = self._settings.path
        with opened(path) as file:
            last = file.last or last_of(path.with_name(f"{path.name}.1"))
            done = last[1] if last and last[0] == chain else 0
            lines = b"".join(sent.line + b"\n" for sent in entries if sent.seq > done)
            if not file.size or file.size + len(lines) <= self._settings.rotate_bytes:
                file.append(lines)
                return
        rotate(path, self._settings.keep)
        with opened(path) as file:
            file.append(lines)


TARGET = TargetType(FileSettings, FileTarget)
