"""Files that exist and that a client takes nothing from: somebody believes in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from collectors.catalog.permissions import Posture, PosturePart
from collectors.catalog.validity import VALIDITIES
from collectors.locate.interest import Interest
from collectors.readers.shape import misfit
from collectors.sources.formats.embedded import parse_at
from collectors.sources.formats.unparseable import UnparseableError
from collectors.sources.limits import Limits


class Ignored(NamedTuple):
    """Why a client ignores a file, and where in it the reason stands."""

    client: str
    why: str
    key: str | None = None
    line: int | None = None


def ignoring(path: str, data: bytes, readings: Iterable[Interest], limits: Limits) -> Iterator[Ignored]:
    """The clients that ignore this file, each once. What nobody could read is for others to tell."""
    told: set[str] = set()
    for reading in readings:
        if reading.client.id not in told and (ignored := _ignored(path, data, reading, limits)):
            told.add(reading.client.id)
            yield ignored


def _ignored(path: str, data: bytes, reading: Interest, limits: Limits) -> Ignored | None:
    part, client = reading.part, reading.client.id
    posture = part if isinstance(part, PosturePart) else None
    if posture and not posture.file.hidden and path.rpartition("/")[2].startswith("."):
        return Ignored(client, f"{client} reads no file here whose name begins with a dot")
    try:
        if getattr(part, "format", "") == "strict_json":
            parse_at(path, data, "strict_json", reading.inside, limits)
        if posture and (posture.posture.valid or posture.posture.shape.keys() - {"any"}):
            document = parse_at(path, data, posture.format, reading.inside, limits)
            key = _misfit(document.value, posture.posture) if document else None
            return Ignored(client, f"{client} takes no such value and ignores the whole file", key) if key else None
    except UnparseableError as error:
        return (
            Ignored(client, f"{client} reads strict JSON only and ignores the whole file", None, error.line)
            if _lenient(path, data, reading, limits)
            else None
        )
    return None


def _misfit(document: object, posture: Posture) -> str | None:
    """What the client stumbles over."""
    if posture.valid and (key := VALIDITIES[posture.valid](document)):
        return key
    return misfit(document, posture.shape) if posture.shape.keys() - {"any"} else None


def _lenient(path: str, data: bytes, reading: Interest, limits: Limits) -> bool:
    """Whether it is JSON to a lenient reader at least."""
    try:
        parse_at(path, data, "json", reading.inside, limits)
    except UnparseableError:
        return False
    return True
