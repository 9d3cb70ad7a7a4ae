"""TOML as plain values, with a bound on what a hostile text can cost."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

from collectors.sources.formats.unparseable import UnparseableError, too_deep

_POSITION: Final = re.compile(r"\(at line (\d+), column (\d+)\)$")
# Beginnings of the parser's messages that hold nothing of the text.
_MESSAGES: Final = {
    "Expected '='": "expected = after a key",
    "Expected newline": "expected a new line",
    "Cannot overwrite": "a key stands here twice",
    "Cannot declare": "a table stands here twice",
    "Duplicate inline": "a key stands here twice",
    "Unclosed array": "a list does not end",
    "Unclosed inline": "a table does not end",
    "Unterminated string": "a string does not end",
    "Unescaped": "an unknown escape in a string",
    "Invalid value": "expected a value",
    "Invalid initial": "expected a key",
    "Invalid date": "a date that does not exist",
}
# tomllib takes a time that grows with the square of the parts of a dotted key: a 200 KB key takes a minute.
_MOST_PARTS: Final = 32
# Every piece can be matched in one way only, so a text without an end costs one pass. (Possessive quantifiers would
# say it shorter; those of Python 3.11.2, which Debian 12 has, are broken.)
_STRINGS: Final = re.compile(
    r'"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"{3,5}'
    r"|\'\'\'[^']*(?:'(?!'')[^']*)*'{3,5}"
    r'|"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"""|["'].*""",
    re.DOTALL,
)
_LONG_KEY: Final = re.compile(rf"(?<![A-Za-z0-9_-])(?:[A-Za-z0-9_-]+[ \t]*\.[ \t]*){{{_MOST_PARTS}}}")


def parse_toml(text: str, depth: int) -> Any:
    """The table of a TOML text; dates and times become text. Raises `UnparseableError`."""
    if _has_long_key(text):
        raise UnparseableError("parse.too_deep", f"a key has more than {_MOST_PARTS} parts")
    try:
        value = tomllib.loads(text)
    except ValueError as error:
        raise _refused(str(error)) from None
    return _plain(value, depth)


def _refused(message: str) -> UnparseableError:
    short = next((short for start, short in _MESSAGES.items() if message.startswith(start)), "not valid TOML")
    position = _POSITION.search(message)
    line, column = (int(position[1]), int(position[2])) if position else (None, None)
    return UnparseableError("parse.toml", short, line, column)


def _has_long_key(text: str) -> bool:
    if all(line.count(".") < _MOST_PARTS for line in text.split("\n")):
        return False
    return _LONG_KEY.search(_STRINGS.sub("q", text)) is not None


def _plain(value: Any, depth: int) -> Any:
    if isinstance(value, (dict, list)) and depth <= 0:
        raise too_deep()
    if isinstance(value, dict):
        return {key: _plain(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, depth - 1) for item in value]
    return value if isinstance(value, (str, int, float)) else value.isoformat()
