"""What whoever wants a server asked and the process that asks it say to each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic import TypeAdapter

from agent.records import ToolDigest

MAX_MESSAGE = 8_388_608
"""Bytes of one message of a server."""
MAX_TOOLS = 10_000
SECONDS = 90.0
"""For the whole conversation, the start of the server included."""


@dataclass(frozen=True, slots=True)
class Question:
    """One server, as it is to be started or connected to: nothing of it is redacted, so it is told nobody else."""

    transport: Literal["stdio", "http", "sse"]
    argv: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    """What the server gets besides a path, a home and a language."""
    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    visible: tuple[str, ...] = ()
    """Files and folders that the server may read, besides those of the system."""
    empty: tuple[str, ...] = ()
    """Folders that are there, and empty: those that the arguments name."""
    path: str = "/usr/local/bin:/usr/bin:/bin"
    network: bool = False
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it."""

    kind: Literal["tools", "failed"]
    reason: str = ""
    """Why it failed: in our words."""
    protocol: str = ""
    """Version of the protocol that was spoken."""
    tools: tuple[ToolDigest, ...] = ()
    complete: bool = True
    """Whether these are all."""
    notes: tuple[str, ...] = ()
    """What else the server did: in our words."""
    said: str = ""
    """The end of what it wrote to its standard error: for the person at the terminal, and for no record."""


@cache
def question_json() -> TypeAdapter[Question]:
    """Reads and writes a question; made when one is asked, as most machines ask none."""
    return TypeAdapter(Question)


@cache
def answer_json() -> TypeAdapter[Answer]:
    """Reads and writes an answer."""
    return TypeAdapter(Answer)
