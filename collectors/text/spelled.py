"""Words whose letters stand apart, so that a search for the word passes by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_APART: Final = re.compile(r"(?<![\w.])(?:[a-z][ .\-_*|,]{1,3}){11,}[a-z](?!\w)")
_TELLING: Final = re.compile(
    "ignore|instruct|secret|passw|token|sshkey|privatekey|credential|execut|curlh|delete|systemprompt|donottell|sendthe"
)
_NOT_LETTERS: Final = re.compile("[^a-z]+")


def spelled(text: str) -> Iterator[int]:
    """Where a plain lower case text spells what no description has to say."""
    for match in _APART.finditer(text):
        if _TELLING.search(_NOT_LETTERS.sub("", match[0])):
            yield match.start()
