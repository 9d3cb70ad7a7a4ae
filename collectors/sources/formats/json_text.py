"""JSON as clients accept it: strictly first, which is fast, then with comments and trailing commas."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any, Final

from collectors.sources.formats.unparseable import Notes, UnparseableError, too_deep

# Texts and comments come first, so that nothing inside one is taken for anything else; what does not end reaches to
# the end, so that a long file is gone through once.
_JSON5: Final = re.compile(
    r"""(?s:"(?:[^"\\]|\\.)*+"?)|//[^\n]*+|(?s:/\*.*?(?:\*/|\Z))|(?s:'(?P<single>(?:[^'\\]|\\.)*+)(?P<end>'?))"""
    r"""|(?<![\w$.])(?P<key>[A-Za-z_$][\w$]*+)(?P<colon>\s*+:)"""
)
_ESCAPED: Final = re.compile(r"(?s)\\.|\"")
_ESCAPES: Final = {"\\'": "'", '"': '\\"', "\\\n": ""}
# A lone surrogate is legal in JSON and cannot be written as UTF-8: no record could hold it.
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
# 16 MB of `[],` would become 340 MB of lists.
_MOST_VALUES: Final = 2_000_000
# The parser's own constant texts: nothing else may get into a message.
_MESSAGES: Final = {
    "Missing commas are not allowed": "expected a comma",
    "Expecting comma": "expected a comma",
    "Expecting colon": "expected a colon",
    "Expecting key": "expected a key in quotes",
    "Unquoted keys are not allowed": "expected a key in quotes",
    "Expecting value": "expected a value",
    "Expecting end of file": "expected nothing more",
    "Unterminated string": "a string does not end",
    "Unterminated object": "an object does not end",
    "Unterminated array": "a list does not end",
    "Unterminated comment": "a comment does not end",
    "Unescaped control character": "a control character inside a string",
    "Invalid backslash escape": "an unknown escape in a string",
    "Expecting escaped character": "an unknown escape in a string",
    "Expecting 4 hex digits": "an unknown escape in a string",
}


def parse_json(text: str, depth: int, notes: Notes) -> Any:
    """The value of a JSON text. The last of several equal keys counts, with a note. Raises `UnparseableError`."""
    if sum(map(text.count, "[{,")) > _MOST_VALUES:
        raise UnparseableError("parse.too_large", "it holds too many values")
    try:
        value = _strict(text, notes)
    except json.JSONDecodeError:
        value = _lenient(text, notes)
    except ValueError:
        raise UnparseableError("parse.json", "a number has too many digits") from None
    # Watching every object for equal keys doubles the time; counting colons tells when it is worth it.
    if _count_keys(value, depth) != text.count('":') - text.count('\\":'):
        with suppress(json.JSONDecodeError):
            json.loads(text, object_pairs_hook=_objects(notes))
    return _without_surrogates(value) if _SURROGATE_ESCAPE.search(text) else value


def parse_json5(text: str, depth: int, notes: Notes) -> Any:
    """The value of a JSON5 text: keys without quotes and texts in single quotes as well. Raises `UnparseableError`."""
    return parse_json(text if _is_json(text) else _JSON5.sub(_as_json, text), depth, notes)


def _is_json(text: str) -> bool:
    with suppress(ValueError):
        json.loads(text)
        return True
    return False


def _as_json(found: re.Match[str]) -> str:
    """A text in single quotes or a bare key as JSON has it; all else as it stands there."""
    if (single := found["single"]) is not None and found["end"]:
        return '"' + _ESCAPED.sub(lambda part: _ESCAPES.get(part[0], part[0]), single) + '"'
    return f'"{found["key"]}"{found["colon"]}' if found["key"] else found[0]


def parse_strict_json(text: str, depth: int, notes: Notes) -> Any:
    """The value of a text that is JSON and nothing else. Raises `UnparseableError`."""
    try:
        json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise UnparseableError("parse.json", "not strict JSON", error.lineno, error.colno) from None
    except ValueError:
        raise UnparseableError("parse.json", "not strict JSON") from None
    return parse_json(text, depth, notes)


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _strict(text: str, notes: Notes) -> Any:
    def constant(name: str) -> float:
        notes.not_finite()
        return float(name)

    return json.loads(text, parse_constant=constant)


def _lenient(text: str, notes: Notes) -> Any:
    # Few files need it, and it costs a millisecond to import.
    from jsonyx import Decoder, TruncatedSyntaxError
    from jsonyx.allow import COMMENTS, NAN_AND_INFINITY, SURROGATES, TRAILING_COMMA

    def number(literal: str) -> float:
        if literal[-1:] in ("N", "y"):
            notes.not_finite()
        return float(literal)

    allow = COMMENTS | TRAILING_COMMA | NAN_AND_INFINITY | SURROGATES
    try:
        return Decoder(allow=allow, hooks={"object": _objects(notes), "float": number}).loads(text)
    except TruncatedSyntaxError as error:
        message = _MESSAGES.get(error.msg, "not valid JSON")
        raise UnparseableError("parse.json", message, error.lineno, error.colno) from None
    except ValueError:
        raise UnparseableError("parse.json", "a number has too many digits") from None


def _objects(notes: Notes) -> Any:
    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    notes.duplicate(key)
                seen.add(key)
        return result

    return made


def _count_keys(value: Any, depth: int) -> int:
    """How many keys all objects together have. Raises `UnparseableError` for a value nested deeper than `depth`."""
    keys = 0
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(depth):
        if not level:
            break
        keys += sum([len(container) for container in level if type(container) is dict])
        level = [
            child
            for container in level
            for child in (container.values() if type(container) is dict else container)
            if type(child) is dict or type(child) is list
        ]
    if level:
        raise too_deep()
    return keys


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value
