"""Configuration documents as plain values, from bytes anyone may have written: JSON (lenient), TOML, YAML, plist."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from collectors.sources.formats.apart import parse_apart
from collectors.sources.formats.parsers import Format, parse_here
from collectors.sources.formats.unparseable import Note, UnparseableError
from collectors.sources.limits import Limits, processor_seconds

__all__ = ["Document", "Format", "Note", "UnparseableError", "parse"]

_LIMITS: Final = Limits()
# These parsers need up to a second per megabyte, and no such configuration comes near it.
_MOST_JSON: Final = 10_000_000
"""More would be refused after all, by what it takes as values."""
_MOST_BYTES: Final = {"toml": 2_000_000, "yaml": 2_000_000, "front_matter": 2_000_000, "plist": 2_000_000}
_MOST_HERE: Final = dict.fromkeys(("json", "json5", "strict_json", "prefix_rules", "variables"), 1_000_000)
_MOST_COSTLY: Final = 100_000
"""Bytes that are parsed in this process, which takes a millisecond or some; another process costs fifty and its memory
goes with it. TOML can claim 260 times its size."""


class Document(NamedTuple):
    """`value` is made of dict with string keys, list, str, int, float, bool and None, and of nothing else."""

    value: Any
    notes: tuple[Note, ...] = ()


def parse(data: bytes, format: Format, limits: Limits = _LIMITS) -> Document:
    """The document in `data`; nested at most `limits.depth` deep. Raises `UnparseableError` and nothing else."""
    most = _MOST_BYTES.get(format, _MOST_JSON)
    if len(data) > most:
        raise UnparseableError("parse.too_large", f"it is larger than {most} bytes")
    if len(data) <= _MOST_HERE.get(format, _MOST_COSTLY):
        return Document(*parse_here(data, format, limits.depth))
    return Document(*parse_apart(data, format, limits.depth, limits.until - processor_seconds()))
