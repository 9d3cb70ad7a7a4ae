"""What may leave the machine of an argument, a URL or a message: everything that is no secret.

Redaction errs on the side of `<redacted>`; `secret` is said only of what is literally there and looks like one.
All of it is linear in the length of the input and never raises.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.redaction.command_line import READ_CHARS, Scrubber, is_secret_value
from agent.redaction.urls import REDACTED, RedactedUrl, url

__all__ = ["REDACTED", "Redacted", "RedactedUrl", "argv", "is_secret_value", "printable", "text", "url"]

_MAX_ARGS = 200
_MAX_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class Redacted:
    """Arguments without secrets, and whether one stood there in clear text."""

    args: tuple[str, ...]
    secret: bool


def argv(args: Sequence[str], program: str = "") -> Redacted:
    """The arguments as they may be shown: at most 200, each of at most 1,000 characters.

    `program` is what takes them, where they do not start with it: what `-a` or `-w` means depends on it.
    """
    scrubber = Scrubber()
    shown = scrubber.words([printable(arg) for arg in args[:_MAX_ARGS]], program=program)
    if len(args) > _MAX_ARGS:
        shown.append("…")
    return Redacted(tuple(arg if len(arg) <= _MAX_CHARS else arg[:_MAX_CHARS] + "…" for arg in shown), scrubber.secret)


def text(message: str) -> str:
    """Free text, such as an error message, without secrets and cut to 1,000 characters."""
    if len(message) > READ_CHARS:  # no half word, which might hide what it is
        message = message[:READ_CHARS].rpartition(" ")[0]
    shown = Scrubber().line(printable(message))
    return shown if len(shown) <= _MAX_CHARS else shown[:_MAX_CHARS] + "…"


def printable(value: str) -> str:
    """The text without lone surrogates, which no encoder takes, and without NUL."""
    return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
