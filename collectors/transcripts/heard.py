"""What telemetry says of calls, on its way to be joined with what transcripts say of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from collectors.transcripts.statement import Statement


class Heard(NamedTuple):
    """A statement, and whose it is."""

    uid: int
    """The account whose process sent it, as the kernel says."""
    client: str
    session: str
    statement: Statement


def to_position(heard: Iterable[Heard]) -> str:
    """What must not be lost though its sender takes it for delivered, as a durable position; empty for nothing."""
    kept = list(heard)
    return _adapter().dump_json(kept, exclude_defaults=True).decode() if kept else ""


def from_position(text: str) -> list[Heard]:
    """What `to_position` wrote. One of another version counts for nothing: the transcript has most of it."""
    from pydantic import ValidationError

    try:
        return list(_adapter().validate_json(text))
    except ValidationError:
        return []


def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(list[Heard])
