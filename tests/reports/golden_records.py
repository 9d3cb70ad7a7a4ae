"""The records of the golden machines, and the same with hostile names in every field that a file's author writes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from agent.records import KINDS, Record

SYSTEMS = ("linux", "windows")
_OF_EACH_KIND = 20
"""The validators are slow, and one record of a kind is much like another."""
HOSTILE = (
    '<script>alert("1")</script>', "=cmd|' /C calc'!A0", "a\x1b[31m\x07b\x00c", "right\u202eleft", "two\nlines\r\n",
    '","x":"y', "%7B../../..", "x" * 10_000, " ",
)  # fmt: skip
_TIME = '"2026-01-02T03:04:05Z"'
"""In the place of what the goldens leave out."""
_FOREIGN = ("name", "command", "args", "project", "extension", "path", "key", "title", "models", "provider", "subject")


@cache
def records(system: str) -> tuple[Record, ...]:
    """What one look at the made-up machine of this system told."""
    text = (Path(__file__).parents[1] / f"golden/{system}.ndjson").read_text(encoding="utf-8")
    told = [json.loads(line.replace('"then"', _TIME)) for line in text.splitlines()]
    by_kind = {kind: [fields for fields in told if fields["kind"] == kind] for kind in KINDS}
    return tuple(_record(fields) for some in by_kind.values() for fields in some[:: len(some) // _OF_EACH_KIND or 1])


@cache
def hostile() -> tuple[Record, ...]:
    """The same of Linux, each record's foreign text exchanged for one of the bad ones."""
    return tuple(_spoiled(record, number) for number, record in enumerate(records("linux")))


def _record(fields: dict[str, object]) -> Record:
    return KINDS[str(fields["kind"])].model_validate(fields)


def _spoiled(record: Record, number: int) -> Record:
    bad = HOSTILE[number % len(HOSTILE)]
    update: dict[str, object] = {}
    for name in _FOREIGN:
        value = getattr(record, name, None)
        if isinstance(value, str):
            update[name] = bad
        elif isinstance(value, tuple) and value:
            update[name] = (bad,)
    if hasattr(record, "source") and record.source is not None:
        update["source"] = record.source.model_copy(update={"path": f"/home/dev/{bad}", "key": bad})
    return record.model_copy(update=update)
