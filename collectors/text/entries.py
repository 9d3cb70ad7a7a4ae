"""What the texts of one entry or definition hide, with the key of each."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from agent.records.text_mark import TextMark
from agent.redaction import redact
from collectors.text.marks import MOST, marks

_MOST_STRINGS: Final = 500
_DEPTH: Final = 12
_LONGEST_KEY: Final = 200
_APART: Final = "\n" * 9
"""Between two texts that are judged together, wider than what may lie between two words: judging each by itself costs
several times as much."""


def entry_marks(value: object, tool: bool = False) -> tuple[TextMark, ...]:
    """Marks of all strings of a value, at most one of each sort; `tool`: it is a tool's definition."""
    told = list(_strings(value))
    texts = [text for _, text in told[:_MOST_STRINGS]]
    starts = [0, *accumulate(len(text) + len(_APART) for text in texts)]
    found = []
    for mark in marks(_APART.join(texts), tool=tool):
        number = bisect_right(starts, mark.offset) - 1
        within = mark.offset - starts[number]
        if within >= len(texts[number]) and number + 1 < len(texts):  # it begins with the line end before
            number, within = number + 1, 0
        found.append(mark.model_copy(update={"at": _key(told[number][0]), "offset": within}))
    if len(told) > _MOST_STRINGS and sum(map(len, texts)) <= MOST:
        found.append(TextMark(mark="unjudged", offset=0, at=_key(told[_MOST_STRINGS][0])))
    return tuple(found)


def _key(key: str) -> str | None:
    return redact.name(key[:_LONGEST_KEY]) or None


def _strings(value: object, key: str = "", depth: int = _DEPTH) -> Iterator[tuple[str, str]]:
    """Every text below a value, with its key path; the names of keys are texts too."""
    if isinstance(value, str):
        yield key, value
        if len(value) > _LONGEST_NAME and _IDENTIFIER.fullmatch(value):
            yield key, value.replace("_", " ")
    elif depth and isinstance(value, dict):
        for name, item in value.items():
            below = f"{key}.{name}" if key else str(name)
            if len(str(name)) > _LONGEST_NAME:
                yield from _strings(str(name), key)
            yield from _strings(item, below, depth - 1)
    elif depth and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _strings(item, f"{key}[{number}]", depth - 1)


_LONGEST_NAME: Final = 24
"""A longer name of a parameter is read as a text: attacks were hidden in them."""
_IDENTIFIER: Final = re.compile(r"[A-Za-z]{1,40}(?:_[A-Za-z0-9]{1,40}){2,40}")
"""Such a name is read as the words it is made of, too."""
