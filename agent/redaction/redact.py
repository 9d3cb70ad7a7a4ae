"""What may leave the machine of an argument, a URL or a message: everything that is no secret.

Redaction errs on the side of `<redacted>`; `secret` is said only of what is literally there and looks like one.
All of it is linear in the length of the input and never raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from agent.redaction.command_line import Scrubber
from agent.redaction.letters import without_unlikely_runs
from agent.redaction.patterns import SHAPE, looks_random
from agent.redaction.urls import REDACTED, RedactedUrl, url
from agent.redaction.word import READ_CHARS, is_secret_value

__all__ = ["REDACTED", "Redacted", "RedactedUrl", "argv", "is_secret_value", "name", "path", "printable", "text", "url"]

_PART = re.compile(r"[A-Za-z0-9]{20,}+")
_MAX_ARGS = 200
_READ_ARGV = 8_192
"""Characters of all arguments together: what they mean for each other takes microseconds for each."""
_MAX_CHARS = 1_000
_READ_TEXT = 2_048


class Redacted(NamedTuple):
    """Arguments without secrets, and whether one stood there in clear text."""

    args: tuple[str, ...]
    secret: bool


def argv(args: Sequence[str], program: str = "") -> Redacted:
    """The arguments as they may be shown: at most 200, each of at most 1,000 characters, as far as the first 8,192
    characters of them all reach.

    `program` is what takes them, where they do not start with it: what `-a` or `-w` means depends on it.
    """
    return _argv(tuple(_within_reach(args)), len(args), program)


def _within_reach(args: Sequence[str]) -> Iterator[str]:
    """The arguments that are read, each as far as it is."""
    left = _READ_ARGV
    for arg in args[:_MAX_ARGS]:
        left -= min(len(arg), READ_CHARS)
        if left < 0:
            return
        yield printable(arg if len(arg) < READ_CHARS else _start(arg))


def _start(arg: str) -> str:
    """The whole words at the start of an argument; of a single one the start, as long as what is replaced whole."""
    return arg[: READ_CHARS - 1].rpartition(" ")[0] or arg[:READ_CHARS].replace("\0", " ")


@lru_cache(maxsize=512)
def _argv(args: tuple[str, ...], given: int, program: str) -> Redacted:
    """The same process is described whenever another one comes or goes."""
    scrubber = Scrubber()
    shown = scrubber.words(args, program=program[:READ_CHARS])
    if given > len(args):
        shown.append("…")
    return Redacted(tuple(arg if len(arg) <= _MAX_CHARS else arg[:_MAX_CHARS] + "…" for arg in shown), scrubber.secret)


def text(message: str) -> str:
    """Free text, such as an error message, without secrets and cut to 1,000 characters."""
    if len(message) > _READ_TEXT:  # no half word, which might hide what it is
        message = message[:_READ_TEXT].rpartition(" ")[0] or REDACTED
    shown = Scrubber().line(printable(message))
    return shown if len(shown) <= _MAX_CHARS else shown[:_MAX_CHARS] + "…"


def name(given: str) -> str:
    """The name that somebody gave a server or a key: what a generator made, and what `text` hides, is no name."""
    return without_unlikely_runs(text(given), REDACTED)


def path(shown: str) -> str:
    """A path without credentials of known formats, and without parts that mix cases and digits as generated text does;
    folders of package stores and caches are named by a hash in lower case."""
    return _PART.sub(_shown_part, SHAPE.sub(REDACTED, shown))


def _shown_part(part: re.Match[str]) -> str:
    return REDACTED if looks_random(part[0]) and not part[0].islower() else part[0]


def printable(value: str) -> str:
    """The text without lone surrogates, which no encoder takes, and without NUL."""
    return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
