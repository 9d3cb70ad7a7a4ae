"""RFC 8785 canonical JSON: the same bytes for the same document, whoever writes them."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import rfc8785

_EXACT = 2**53 - 1
"""Largest integer that JSON can carry exactly (RFC 8785, section 3.2.2.3)."""
_ASTRAL = re.compile(rb"[\xf0-\xf7]")
"""Characters that UTF-16, after which RFC 8785 sorts names, has elsewhere than UTF-8."""
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False).encode


def canonical_json(document: Any) -> bytes:
    """RFC 8785. Raises `ValueError` for what it cannot say."""
    if _is_plain(document):
        # The standard library writes the same, several times as fast.
        body = _encode(document).encode()
        if body.isascii() or not _ASTRAL.search(body):
            return body
    return rfc8785.dumps(document)


def representable(value: Any) -> Any:
    """The document without what canonical JSON cannot say: large integers as texts, no lone surrogates."""
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case int() if abs(value) > _EXACT:
            return str(value)
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {representable(str(key)): representable(item) for key, item in value.items()}
        case list() | tuple():
            return [representable(item) for item in value]
    return value


def _is_plain(value: Any) -> bool:
    """Whether it holds no fraction and no integer too large to be exact: RFC 8785 writes those as JavaScript does."""
    kind = type(value)
    if kind is not dict and kind is not list and kind is not tuple:
        return kind is str or value is None or kind is bool or (kind is int and abs(value) <= _EXACT)
    for part in value.values() if kind is dict else value:
        # Nearly all is text, and asking that here is twice as fast.
        if type(part) is not str and not _is_plain(part):
            return False
    return True
