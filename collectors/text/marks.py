"""What a text that a model reads hides: marks with places, never the text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from agent.records.text_mark import Mark, TextMark
from collectors.text.blobs import blobs
from collectors.text.characters import invisible, readable, turning
from collectors.text.comments import comments
from collectors.text.patterns import holds_long_piece
from collectors.text.phrases import addressed, configurations, downloads, exfiltrations, secrets, unreadables
from collectors.text.spelled import spelled

MOST: Final = 100_000
"""Characters of one text that are judged."""
_MOST_PLACES: Final = 1_000


def marks(text: str, at: str | None = None, tool: bool = False) -> tuple[TextMark, ...]:
    """At most one mark of each sort, at the first place where it was seen; `at` names the text among others. What a
    `tool` says of itself has less to say than a page for people: more is marked in it."""
    judged = text[:MOST]
    plain, places = readable(judged)
    encoded = blobs(judged, _is_grave) if places is None and holds_long_piece(plain) else ()
    found = [
        *_first("invisible", invisible(judged), None, at),
        *_first("bidirectional", turning(judged), None, at),
        *_first("addressed", addressed(plain, tool), places, at),
        *_first("secrets", secrets(plain, tool), places, at),
        *_first("encoded", chain(unreadables(plain), encoded, spelled(plain)), places, at),
        *_first("download", downloads(plain), places, at),
        *_first("configuration", configurations(plain), places, at),
        *_first("exfiltration", exfiltrations(plain), places, at),
        *_first("comment", comments(plain, _is_grave), places, at),
    ]
    if len(text) > MOST:
        found.append(TextMark(mark="unjudged", offset=MOST, at=at))
    return tuple(found)


def _first(mark: Mark, found: Iterable[int], places: list[int] | None, at: str | None) -> Iterator[TextMark]:
    offsets: set[int] = set()
    for offset in found:
        offsets.add(places[offset] if places else offset)
        if len(offsets) >= _MOST_PLACES:
            break
    if offsets:
        yield TextMark(mark=mark, offset=min(offsets), count=len(offsets), at=at)


def _is_grave(said: str) -> bool:
    """Whether a text that was hidden in another says what it should not."""
    plain, _ = readable(said[:MOST])
    every = (addressed, secrets, downloads, configurations, exfiltrations, unreadables)
    return any(next(iter(judge(plain)), None) is not None for judge in every)
