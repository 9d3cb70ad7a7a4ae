"""Instructions in places that are not shown: comments, and text without size or colour."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from collectors.text.phrases import instructions

_MOST: Final = 8_000
_HIDING: Final = re.compile(
    r"<(?:div|span|p|font|details)\b[^>\n]{0,160}?(?:display\s*:\s*none|font-size\s*:\s*[01](?:px|pt|em|%|\b)|(?:left|top|text-indent)\s*:\s*-\d{3,}|visibility\s*:\s*hidden|opacity\s*:\s*0(?![.\d]*[1-9])"
    r"|color\s*[:=]\s*[\"']?(?:white|#fff(?:fff)?|transparent)|\bhidden\b)[^>\n]{0,80}>"
)
_REMARK: Final = re.compile(r"(?m)^[ \t]{0,3}\[(?://|comment|_|#|\s)\]:\s*(?:#|<>)\s*[(\"']([^\n]{8,600})")


def comments(text: str, judge: Callable[[str], bool]) -> Iterator[int]:
    """Where a comment or a hidden element holds what `judge` or the tone of an instruction tells."""
    for at, said in _hidden(text):
        if judge(said) or next(instructions(said), None) is not None:
            yield at


def _hidden(text: str) -> Iterator[tuple[int, str]]:
    """Each text that is not shown, and where it begins."""
    at = text.find("<!--")
    while at >= 0:
        end = text.find("-->", at + 4)
        yield at, text[at + 4 : min(end if end >= 0 else len(text), at + _MOST)]
        at = text.find("<!--", end) if end >= 0 else -1
    if "style" in text or "color" in text or "hidden" in text:
        for match in _HIDING.finditer(text):
            end = text.find("</", match.end())
            yield match.start(), text[match.end() : min(end if end >= 0 else len(text), match.end() + _MOST)]
    if "]:" in text:
        yield from ((match.start(), match[1]) for match in _REMARK.finditer(text))
