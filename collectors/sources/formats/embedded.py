"""Documents in the files and registry keys that hold them: as a whole, or as the text of one value of it."""

from __future__ import annotations

import base64
import binascii

from collectors.sources.filesystem.windows_registry import is_key
from collectors.sources.formats.documents import Document, Format, parse
from collectors.sources.formats.keypath import find
from collectors.sources.formats.unparseable import UnparseableError
from collectors.sources.limits import Limits


def parse_at(path: str, data: bytes, format: Format, inside: str, limits: Limits) -> Document | None:
    """The document at a path whose content is `data`.

    A file whose name ends in `.plist` is a property list whatever `format` says, and a registry key was read as JSON.
    With `inside` the document, of that format, is the text of the value of this name (in base64 where the name ends in
    `base64`); None where there is no such text. Raises `UnparseableError`, with line and column in the text it is
    about.
    """
    outer: Format = "plist" if path.endswith(".plist") else "json" if is_key(path) else format
    whole = parse(data, outer, limits)
    if not inside:
        return whole
    text = next((found.value for found in find(whole.value, inside) if isinstance(found.value, str)), None)
    if text is None:
        return None
    try:
        return parse(_decoded(text, inside), format, limits)
    except UnparseableError as error:
        raise UnparseableError(error.code, f"the text of {inside}: {error.message}", error.line, error.column) from None


def _decoded(text: str, name: str) -> bytes:
    if not name.endswith("base64"):
        return text.encode("utf-8", "replace")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise UnparseableError("parse.encoding", "it is not valid base64") from None
