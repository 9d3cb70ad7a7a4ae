"""Configuration documents as plain values, from bytes anyone may have written: JSON (lenient), TOML, YAML, plist."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from collectors.sources.formats.json_text import parse_json
from collectors.sources.formats.plist import parse_plist
from collectors.sources.formats.toml_text import parse_toml
from collectors.sources.formats.unparseable import Note, Notes, Unparseable, too_deep
from collectors.sources.formats.yaml_text import parse_yaml
from collectors.sources.limits import Limits

__all__ = ["Document", "Format", "Note", "Unparseable", "parse"]

Format = Literal["json", "toml", "yaml", "plist"]

_LIMITS: Final = Limits()
_PARSERS: Final[dict[Format, Callable[[str, int, Notes], Any]]] = {
    "json": parse_json,
    "toml": lambda text, depth, _: parse_toml(text, depth),
    "yaml": parse_yaml,
}
# These parsers need up to a second per megabyte, and no such configuration comes near it.
_MOST_BYTES: Final = {"toml": 2_000_000, "yaml": 2_000_000, "plist": 2_000_000}
_CONFLICT: Final = re.compile(r"^(?:<{7}|>{7})(?: |$)", re.MULTILINE)
_BLANK: Final = " \t\r\n\0\ufeff"


@dataclass(frozen=True, slots=True)
class Document:
    """`value` is made of dict with string keys, list, str, int, float, bool and None, and of nothing else."""

    value: Any
    notes: tuple[Note, ...] = ()


def parse(data: bytes, format: Format, limits: Limits = _LIMITS) -> Document:
    """The document in `data`; nested at most `limits.depth` deep. Raises `Unparseable` and nothing else."""
    if len(data) > _MOST_BYTES.get(format, len(data)):
        raise Unparseable("parse.too_large", f"it is larger than {_MOST_BYTES[format]} bytes")
    if format == "plist" and data.strip(b"\0"):
        return Document(parse_plist(data, limits.depth))
    text = _text(data)
    # Zero bytes are what a crash leaves of a file that was being written.
    if not text.strip(_BLANK):
        raise Unparseable("parse.empty", "the file is empty")
    notes = Notes()
    try:
        return Document(_PARSERS[format](text, limits.depth, notes), notes.all())
    except RecursionError:
        raise too_deep() from None
    except Unparseable as error:
        marker = _CONFLICT.search(text)
        if marker is None:
            raise
        line = text.count("\n", 0, marker.start()) + 1
        raise Unparseable("parse.conflict", "it holds merge conflict markers", line, 1) from error


def _text(data: bytes) -> str:
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        name = "UTF-16" if encoding == "utf-16" else "UTF-8"
        raise Unparseable("parse.encoding", f"it is not valid {name}", line) from None
