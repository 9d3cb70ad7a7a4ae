"""One answer of the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Answer:
    """How one thing is."""

    about: str
    level: Level
    said: str
    remedy: str = ""
    """What to do; empty where nothing need be done."""


def ok(about: str, said: str) -> Answer:
    return Answer(about, "ok", said)


def warning(about: str, said: str, remedy: str) -> Answer:
    return Answer(about, "warning", said, remedy)


def error(about: str, said: str, remedy: str) -> Answer:
    return Answer(about, "error", said, remedy)
