"""What watches folders for one operating system."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class Unwatched(NamedTuple):
    """A wanted folder whose changes will not be told."""

    path: str
    reason: str


class Backend(Protocol):
    """One operating system's way of watching."""

    mode: str

    def set_folders(self, wanted: Iterable[str]) -> list[Unwatched]: ...

    def close(self) -> None: ...
