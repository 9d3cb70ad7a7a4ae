"""What one transcript says about how its session ran: metadata only, by the keys that the catalog names.

A transcript holds what people and models wrote. No line is kept, no value is looked at but those at named keys, and of
a mode only what the catalog says it means.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple, get_args

from agent.records.posture import ApprovalMode, Network, Sandbox, least_safe
from collectors.catalog.permissions import ModeAt, NetworkAt, SandboxAt
from collectors.catalog.transcripts import LineAt, Transcript
from collectors.catalog.version_numbers import release
from collectors.locate.versions import bounded
from collectors.readers.settings import Settings
from collectors.sources.formats.keypath import find

_HEAD, _TAIL = 256 * 1024, 512 * 1024
"""Bytes that are read from the start and the end of a file."""
_LONGEST_LINE = 128 * 1024
_MOST_LINES = 200
"""Lines that are parsed: the first of the start, the last of the end."""

MODES: tuple[ApprovalMode, ...] = get_args(ApprovalMode)
SANDBOXES: tuple[Sandbox, ...] = get_args(Sandbox)
NETWORKS: tuple[Network, ...] = get_args(Network)


class Session(NamedTuple):
    """How a session ran: of each aspect the least safe value that was read, None where no line says."""

    folder: str | None
    """Where it began, as the client wrote it."""
    version: str | None
    """The client's, in its last line that tells one."""
    at: datetime | None
    """When it last told anything of this."""
    mode: ApprovalMode | None
    sandbox: Sandbox | None
    network: Network | None
    unknown: tuple[str, ...] = ()
    """Key paths whose value was not understood."""


def read_session(file: int, transcript: Transcript) -> Session | None:
    """The session of an open transcript; None where nothing tells how it ran. Of a long one the middle is not read.

    Lines that are broken, cut, huge or no objects count for nothing. Raises `OSError`.
    """
    told = _Told(transcript)
    start, end = _parts(file)
    told.take([line for line in start if told.may_tell(line)][:_MOST_LINES])
    told.take([line for line in end if told.may_tell(line)][-_MOST_LINES:])
    return told.session()


def _parts(file: int) -> tuple[list[bytes], list[bytes]]:
    """Lines of the start and of the end; the lines that these break off in are lost."""
    size = os.fstat(file).st_size
    if size <= _HEAD + _TAIL:
        lines = _read(file, 0, _HEAD + _TAIL).split(b"\n")
        return lines[: len(lines) // 2], lines[len(lines) // 2 :]
    return _read(file, 0, _HEAD).split(b"\n")[:-1], _read(file, size - _TAIL, _TAIL).split(b"\n")[1:]


def _read(file: int, start: int, most: int) -> bytes:
    os.lseek(file, start, os.SEEK_SET)  # not pread: Windows has none
    return os.read(file, most)


class _Told:
    """What the lines have told so far."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._marks = {line.type: (b'"%s"' % line.type.encode(), _marks(line)) for line in transcript.line}
        self._lines = {line.type: line for line in transcript.line}
        self._folder: str | None = None
        self._version: str | None = None
        self._at: datetime | None = None
        self._values: dict[str, list[Any]] = {"mode": [], "sandbox": [], "network": []}
        self._unknown: dict[str, None] = {}

    def take(self, lines: list[bytes]) -> None:
        for line in lines:
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                continue
            kind = value.get(self._transcript.type_at) if isinstance(value, dict) else None
            if isinstance(kind, str) and kind in self._lines:
                self._take(value, self._lines[kind])

    def may_tell(self, line: bytes) -> bool:
        """Whether it is worth parsing, as few lines are."""
        return len(line) <= _LONGEST_LINE and any(
            kind in line and any(key in line for key in keys) for kind, keys in self._marks.values()
        )

    def _take(self, value: object, place: LineAt) -> None:
        settings = Settings(value)
        for name, places in (("mode", place.mode), ("sandbox", place.sandbox), ("network", place.network)):
            self._values[name] += _meanings(settings, places)
        self._unknown.update(dict.fromkeys(settings.unknown))
        self._folder = self._folder or _text(value, place.folder_at)
        version = _text(value, place.version_at)
        self._version = bounded(version) if version and release(version) else self._version
        self._at = _time(_text(value, self._transcript.time_at)) or self._at

    def session(self) -> Session | None:
        mode, sandbox = least_safe(MODES, self._values["mode"]), least_safe(SANDBOXES, self._values["sandbox"])
        network = least_safe(NETWORKS, self._values["network"])
        if not (mode or sandbox or network or self._version):
            return None
        unknown = tuple(self._unknown)[:50]
        return Session(self._folder, self._version, self._at, mode, sandbox, network, unknown)


def _marks(line: LineAt) -> tuple[bytes, ...]:
    """Keys of which one must be in a line that is worth parsing."""
    return tuple({b'"%s"' % at.rpartition(".")[2].encode() for at in line.posture_at or line.key_paths})


def _meanings(settings: Settings, places: Iterable[ModeAt | SandboxAt | NetworkAt]) -> Iterator[str]:
    for place in places:
        for _, meaning in settings.told(place.at, place.values):
            yield meaning or "unknown"


def _text(value: object, at: str) -> str | None:
    texts = (found.value for found in find(value, at) if isinstance(found.value, str)) if at else ()
    return next(iter(texts), None)


def _time(text: str | None) -> datetime | None:
    try:
        time = datetime.fromisoformat(text or "")
        return time.astimezone(UTC) if time.tzinfo else None
    except (ValueError, OverflowError):
        return None
