"""Property lists (XML and binary) as plain values, from bytes anyone may have written."""

from __future__ import annotations

from typing import Any, Final

from collectors.sources.formats.unparseable import UnparseableError, too_deep

_MOST_VALUES: Final = 200_000
"""A binary list may refer to one object from many places, so a small file can stand for a huge tree, or a circle."""


def parse_plist(data: bytes, depth: int) -> Any:
    """The value; dates and binary data become text. Raises `UnparseableError` and nothing else.

    Entity declarations are refused by the standard library, and nothing outside the file is fetched.
    """
    import plistlib  # only macOS and its images need it
    from xml.parsers import expat

    try:
        value = plistlib.loads(data)
    except RecursionError:
        raise too_deep() from None
    except expat.ExpatError as error:
        raise UnparseableError("parse.plist", "not valid XML", error.lineno, error.offset + 1) from None
    except Exception:  # hostile bytes make it raise IndexError, KeyError, struct.error, ExpatError and more
        raise UnparseableError("parse.plist", "not a readable property list") from None
    if value is None:
        raise UnparseableError("parse.plist", "it holds nothing")
    return _Copy().plain(value, depth)


class _Copy:
    """A copy of bounded size, in which nothing is shared."""

    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def plain(self, value: object, depth: int) -> Any:
        self._left -= 1
        if self._left < 0:
            raise UnparseableError("parse.too_large", f"it holds more than {_MOST_VALUES} values")
        if depth < 0:
            raise too_deep()
        if isinstance(value, dict):
            return {str(key): self.plain(inner, depth - 1) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.plain(inner, depth - 1) for inner in value]
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if isinstance(value, int) and value.bit_length() > 64:
            return None  # no number of a setting, and Python refuses to write out much longer ones
        return value if isinstance(value, str | int | float) else str(value)
