"""Records for programs: one JSON array, or a JSON record a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent.records import Record
from agent.runtime.terminal import plain_json


def each(records: Iterable[Record]) -> Iterator[str]:
    """A record a line. Control characters that JSON would let through are escaped: it may be read on a terminal."""
    return (plain_json(record.to_json()) for record in records)


def array(records: Iterable[Record]) -> Iterator[str]:
    """One array, a record a line: the inventory of a large machine is long."""
    before = None
    for line in each(records):
        yield "[" if before is None else f"{before},"
        before = line
    yield from ("[]",) if before is None else (before, "]")
