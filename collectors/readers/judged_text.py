"""What the texts of artifacts hide: read and judged here, and never told."""

from __future__ import annotations

import os
from typing import Final

from agent.records.text_mark import TextMark
from agent.redaction import redact
from collectors.contract import Context
from collectors.sources.account import Home
from collectors.sources.filesystem.digests import Digest
from collectors.sources.filesystem.file_tree import UnreadableError
from collectors.text.marks import MOST, marks

_MOST_KNOWN: Final = 4_096
_MOST_MARKS: Final = 50
_known: dict[str, tuple[TextMark, ...]] = {}
"""By the hash of the text: what was judged once need not be read again."""


class JudgedTexts:
    """The marks of the texts of one artifact, which may cost no more than a few texts of the longest sort."""

    def __init__(self) -> None:
        self._left = 4 * MOST
        self._found: list[TextMark] = []

    @property
    def marks(self) -> tuple[TextMark, ...]:
        return tuple(self._found[:_MOST_MARKS])

    def file(self, context: Context, home: Home | None, path: str, digest: Digest, at: str | None = None) -> None:
        """Judge a file, of which `at` is the name in the artifact's folder. What is no text hides nothing from people
        that it would show to a model."""
        found = _known.get(digest.sha256)
        if found is None:
            text = _text(context, home, path)
            if len(text) > self._left:
                self._found.append(TextMark(mark="unjudged", offset=0, at=at and redact.name(at)))
                return
            self._left -= min(len(text), MOST)
            if len(_known) >= _MOST_KNOWN:
                _known.clear()
            found = _known[digest.sha256] = marks(text)
        name = at and redact.name(at)
        self._found += [mark.model_copy(update={"at": name}) for mark in found] if name else found


def _text(context: Context, home: Home | None, path: str) -> str:
    """The beginning of a file as text; empty where it is none."""
    try:
        with context.files.opened(path, home) as file:
            data = os.read(file, 4 * MOST + 8)
    except (OSError, UnreadableError):
        return ""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return "" if b"\0" in data[:4_096] else data.decode("utf-8", "replace")
