"""Bytes as plain values, by the parser of their format, in this process."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import Any, Final, Literal

from collectors.sources.formats.front_matter import parse_front_matter
from collectors.sources.formats.idea_xml import parse_idea_xml
from collectors.sources.formats.json_text import parse_json, parse_json5, parse_strict_json
from collectors.sources.formats.plist import parse_plist
from collectors.sources.formats.prefix_rules import parse_prefix_rules
from collectors.sources.formats.toml_text import parse_toml
from collectors.sources.formats.unparseable import Note, Notes, UnparseableError, too_deep
from collectors.sources.formats.variables import parse_variables
from collectors.sources.formats.yaml_text import parse_yaml

Format = Literal[
    "json", "json5", "strict_json", "toml", "yaml", "front_matter", "prefix_rules", "idea_xml", "variables", "plist"
]  # fmt: skip

_PARSERS: Final[dict[Format, Callable[[str, int, Notes], Any]]] = {
    "json": parse_json,
    "json5": parse_json5,
    "toml": lambda text, depth, _: parse_toml(text, depth),
    "yaml": parse_yaml,
    "strict_json": parse_strict_json,
    "front_matter": parse_front_matter,
    "prefix_rules": parse_prefix_rules,
    "idea_xml": parse_idea_xml,
    "variables": parse_variables,
}
_CONFLICT: Final = re.compile(r"^(?:<{7}|>{7})(?: |$)", re.MULTILINE)
_BLANK: Final = " \t\r\n\0\ufeff"


def parse_here(data: bytes, format: Format, depth: int) -> tuple[Any, tuple[Note, ...]]:
    """The value, nested at most `depth` deep, and what was odd about the text. Raises `UnparseableError`, nothing
    else."""
    if format == "plist" and data.strip(b"\0"):
        return parse_plist(data, depth), ()
    text = _text(data)
    # Zero bytes are what a crash leaves of a file that was being written.
    if not text.strip(_BLANK):
        raise UnparseableError("parse.empty", "the file is empty")
    notes = Notes()
    try:
        return _PARSERS[format](text, depth, notes), notes.all()
    except RecursionError:
        raise too_deep() from None
    except UnparseableError as error:
        marker = _CONFLICT.search(text)
        if marker is None:
            raise
        line = text.count("\n", 0, marker.start()) + 1
        raise UnparseableError("parse.conflict", "it holds merge conflict markers", line, 1) from error


def _text(data: bytes) -> str:
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        name = "UTF-16" if encoding == "utf-16" else "UTF-8"
        raise UnparseableError("parse.encoding", f"it is not valid {name}", line) from None
