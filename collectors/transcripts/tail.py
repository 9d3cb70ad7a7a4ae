"""New lines of a file that grows: whole ones only, whatever became of the file meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from collectors.transcripts.position import Position, digest_before

_CHUNK = 1 << 20
_LONGEST_LINE = 8 << 20
"""A longer line says nothing: it is passed over as it is read."""


class Line(NamedTuple):
    start: int
    end: int
    """Offsets in the file; the end is behind the line break."""
    data: bytes


def continues(file: int, position: Position) -> bool:
    """Whether the open file is the one that the position is of, and still begins as it did."""
    status = os.fstat(file)
    return (
        status.st_ino == position.inode
        and status.st_size >= position.offset
        and digest_before(file, position.offset) == position.digest
    )


def lines(file: int, offset: int, most: int) -> Iterator[Line]:
    """Whole lines from an offset on, of at most so many bytes. A last line without its break is left for later; of one
    that is too long to be read, only where it ends is told."""
    os.lseek(file, offset, os.SEEK_SET)
    start, pending, passed = offset, b"", 0
    while most > 0 and (chunk := os.read(file, min(_CHUNK, most))):
        most -= len(chunk)
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            length = passed + len(pending) + len(part) + 1
            yield Line(start, start + length, b"" if passed else pending + part)
            start, pending, passed = start + length, b"", 0
        pending += rest
        if passed or len(pending) > _LONGEST_LINE:
            passed, pending = passed + len(pending), b""
    if passed:
        yield Line(start, start + passed, b"")


def next_line(file: int, offset: int) -> int:
    """Where the first line after an offset begins; the offset itself at the start of the file."""
    if offset <= 0:
        return 0
    found = next(lines(file, offset - 1, _LONGEST_LINE), None)
    return found.end if found else offset
