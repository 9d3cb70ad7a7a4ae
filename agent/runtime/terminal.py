"""The one way to print: names come from files anyone writes, and no control sequence may reach a terminal."""

from __future__ import annotations

import errno
import io
import sys
from collections.abc import Iterable
from typing import TextIO

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def plain(text: str) -> str:
    """One line of text: what moves a cursor, ends a line or turns the direction of writing is replaced."""
    return text if text.isprintable() else "".join(char if char.isprintable() else _REPLACEMENT for char in text)


def plain_json(text: str) -> str:
    """The same JSON with every such character as an escape; between the values new lines stay."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else _escape(char) for char in text)


def show(lines: Iterable[str]) -> None:
    """Lines on standard output. Raises `OSError`."""
    out = stdout()
    out.writelines(f"{plain(line)}\n" for line in lines)
    out.flush()


def show_text(text: str) -> None:
    """Text of several lines on standard output; the names in it must have lost their line ends before."""
    show(text.removesuffix("\n").split("\n"))


def show_json(documents: Iterable[str]) -> None:
    """JSON documents on standard output, each ended by a new line."""
    out = stdout()
    out.writelines(plain_json(document.removesuffix("\n")) + "\n" for document in documents)
    out.flush()


def tell(*lines: object) -> None:
    """A message for the person at the terminal, beside the output proper."""
    if sys.stderr is not None:
        sys.stderr.writelines(f"{plain(str(line))}\n" for line in lines)
        sys.stderr.flush()


def stdout() -> TextIO:
    """Standard output, as UTF-8 whatever the locale says: one odd name must not cost the rest."""
    if sys.stdout is None:
        raise OSError(errno.EBADF, "standard output is closed")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    return sys.stdout


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
