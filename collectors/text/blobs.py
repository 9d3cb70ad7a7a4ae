"""Long runs of letters that say something else once they are decoded."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from typing import Final

_RUN: Final = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}){12,}")
_HARMLESS_BEFORE: Final = re.compile(
    r"(?:data:(?:image|font|audio|video)/[\w+.-]{1,40};base64,|sha\d{3}-|integrity\W{1,4})$"
)
_WORDS: Final = re.compile(rb"[a-z]{2,}[ /:._-]+[a-z]{2,}", re.IGNORECASE)
_MOST: Final = 4_000
_LONG: Final = 400


def blobs(text: str, judge: Callable[[str], bool]) -> Iterator[int]:
    """Where an encoded text stands that is long, or that `judge` finds something in once it is decoded."""
    for match in _RUN.finditer(text):
        if _HARMLESS_BEFORE.search(text[max(0, match.start() - 60) : match.start()]):
            continue
        said = _decoded(match[0])
        if said is not None and (len(match[0]) >= _LONG or judge(said)):
            yield match.start()


def _decoded(run: str) -> str | None:
    """What a run says where it is text of words; None for what is only letters."""
    run = run[:_MOST]
    tries: list[bytes] = []
    if _HEX.fullmatch(run):
        tries.append(bytes.fromhex(run))
    try:
        plain = run.rstrip("=").replace("-", "+").replace("_", "/")
        tries.append(
            base64.b64decode(plain[: len(plain) // 4 * 4] if len(plain) % 4 == 1 else plain + "=" * (-len(plain) % 4))
        )
    except ValueError:
        pass
    for data in tries:
        if data.count(0) * 2 >= len(data) - 1:  # UTF-16, as PowerShell takes it
            data = data.replace(b"\0", b"")
        shown = sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in data)
        if data and shown >= 0.95 * len(data) and _WORDS.search(data):
            return data.decode("latin-1")
    return None
