"""New lines of a file that grows: whole ones only, whatever became of the file meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from collectors.transcripts.position import Position, digest_before

_CHUNK = 1 << 20
_LONGEST_LINE = 8 << 20
"""A longer line says nothing: it is passed over as it is read."""


class Line(NamedTuple):
    """One line without its break, or a block of several with theirs."""

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


def blocks(file: int, offset: int, most: int) -> Iterator[Line]:
    """Whole lines from an offset on, of at most so many bytes, as many together as are read at once. A last line
    without its break is left for later; of one that is too long to be read, only where it ends is told."""
    os.lseek(file, offset, os.SEEK_SET)
    start, pending, passed = offset, b"", 0
    while most > 0 and (chunk := os.read(file, min(_CHUNK, most))):
        most -= len(chunk)
        whole = chunk.rfind(b"\n") + 1
        if passed and whole:
            first = chunk.index(b"\n") + 1
            yield Line(start, start + passed + first, b"")
            start, passed, chunk, whole = start + passed + first, 0, chunk[first:], whole - first
        if whole:
            data = pending + chunk[:whole]
            yield Line(start, start + len(data), data)
            start, pending = start + len(data), b""
        pending += chunk[whole:]
        if passed or len(pending) > _LONGEST_LINE:
            passed, pending = passed + len(pending), b""
    if passed:
        yield Line(start, start + passed, b"")


def lines(block: Line) -> Iterator[Line]:
    """Each line of a block."""
    start = block.start
    for part in block.data.split(b"\n")[:-1]:
        yield Line(start, start := start + len(part) + 1, part)


def lines_with(block: Line, marks: Iterable[Sequence[bytes]]) -> list[Line]:
    """Those lines of a block that hold all the texts of one of the marks, the first of which is looked for first."""
    data, found = block.data, dict[int, int]()
    for first, *others in marks:
        at = data.find(first)
        while at >= 0:
            start, end = data.rfind(b"\n", 0, at) + 1, data.index(b"\n", at)
            if start not in found and all(data.find(text, start, end) >= 0 for text in others):
                found[start] = end
            at = data.find(first, end)
    return [Line(block.start + start, block.start + end + 1, data[start:end]) for start, end in sorted(found.items())]


def next_line(file: int, offset: int) -> int:
    """Where the first line after an offset begins; the offset itself at the start of the file."""
    if offset <= 0:
        return 0
    os.lseek(file, offset - 1, os.SEEK_SET)
    passed = offset - 1
    while chunk := os.read(file, _CHUNK):
        if at := chunk.find(b"\n") + 1:
            return passed + at
        passed += len(chunk)
    return offset
