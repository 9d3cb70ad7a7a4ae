"""Characters that nobody sees, or that make a text read otherwise than it stands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_SUSPECT: Final = re.compile(
    "\x1b\\[|[\x00\x08\x7f-\x84\x86-\x9f\u115f\u1160\u180e\u200b-\u200d\u2060-\u2064\u2069-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]|[\ufe00-\ufe0f]{2,}"
)
_ESCAPES: Final = re.compile("\x1b\\[|[\x00\x08\x7f]")
"""Those of them that are ASCII."""
_TURNS: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_OVERRIDES: Final = "\u202d\u202e"
_RIGHT_TO_LEFT: Final = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_PADDING: Final = re.compile(r"(?:[ \t]{0,8}\n){60,}+|[ \t\u00a0\u3000]{400,}+")
_GAPS: Final = (" " * 400, "\t" * 400, "\u00a0" * 100, "\u3000" * 100, "\n" * 20, "\n \n \n", "\n\t\n\t\n")
_FLAG: Final = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f")
_JOINERS: Final = "\u200c\u200d"
_BOM: Final = "\ufeff"
_TAG: Final = 0xE0000


def invisible(text: str) -> Iterator[int]:
    """Where invisible characters stand that writing does not need, and gaps that push text out of sight."""
    if text.isascii():
        if any(map(text.__contains__, "\x1b\x00\x08\x7f")):
            yield from (match.start() for match in _ESCAPES.finditer(text))
    else:
        flags = [range(*match.span()) for match in _FLAG.finditer(text)] if "\U0001f3f4" in text else []
        for match in _SUSPECT.finditer(text):
            at = match.start()
            if not (_is_needed(text, at) or any(at in flag for flag in flags)):
                yield at
    if any(map(text.__contains__, _GAPS)):
        gaps = _PADDING.finditer(text)
        yield from (gap.start() for gap in gaps if text[gap.end() : gap.end() + 10].strip())


def turning(text: str) -> Iterator[int]:
    """Where characters stand that turn the direction of writing: overrides anywhere, others where nothing is written
    from right to left."""
    if text.isascii():
        return
    turned = [match.start() for match in _TURNS.finditer(text)]
    if turned and _RIGHT_TO_LEFT.search(text):
        turned = [at for at in turned if text[at] in _OVERRIDES]
    yield from turned


def _is_needed(text: str, at: int) -> bool:
    """A byte order mark, or a joiner between what is written with joiners: emoji, Arabic, the scripts of India."""
    char = text[at]
    if char == _BOM:
        return at == 0
    if char not in _JOINERS:
        return False
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if char == "\u200d" and before and after and _is_picture(before) and _is_picture(after):
        return True
    return any(ord(near) > 0x590 and unicodedata.category(near)[0] in "LM" for near in before if near)


def _is_picture(char: str) -> bool:
    return unicodedata.category(char) in ("So", "Sk", "Mn") or char in "\u2640\u2642\u2695\u2696\u2708\u2764\ufe0f"


_ODD: Final = re.compile(
    "[\xad\u0300-\u052f\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2100-\u214f\u2460-\u24ff\u3164\ufeff\uff00-\uffef"
    "\U0001d400-\U0001d7ff\U0001f130-\U0001f189\U000e0000-\U000e0fff]"
)
"""Letters that stand for others, and characters that part words without being seen."""
_OVER: Final = re.compile("[\xad\u0300-\u036f]")
"""What is written over or within letters: a model reads past it."""
_QUOTES: Final = {0x2019: "'", 0x2018: "'", 0x201C: '"', 0x201D: '"'}


def readable(text: str) -> tuple[str, list[int] | None]:
    """The text as a model takes it, in plain lower case letters, and where each character stood; None: where it stands.
    Tag characters are the letters they hide; what is invisible is left out; wide and styled letters are plain."""
    if text.isascii():
        return text.lower(), None
    if not _ODD.search(text):
        plain = text.translate(_QUOTES).lower()
        if len(plain) == len(text):
            return plain, None
    letters: list[str] = []
    places: list[int] = []
    for at, char in enumerate(text):
        if char.isascii():
            plain = char
        elif _TAG < ord(char) <= _TAG + 0x7F:
            plain = chr(ord(char) - _TAG)
        elif _SUSPECT.match(char) or _TURNS.match(char) or "\ufe00" <= char <= "\ufe0f" or _OVER.match(char):
            continue
        else:
            plain = unicodedata.normalize("NFKC", char)
            if any(
                near.isascii() and near.isalpha() for near in (letters[-1] if letters else "", text[at + 1 : at + 2])
            ):
                plain = _LOOK_ALIKE.get(plain, plain)
        for one in plain.lower():
            letters.append(one)
            places.append(at)
    return "".join(letters), places


_LOOK_ALIKE = dict(zip("аеорсухіјѕԁһꓲοανριτκЕАОРСТНМВКХІЅ", "aeopcyxijsdhioavpitkeaopcthmbkxis", strict=True))
_LOOK_ALIKE |= {chr(mark): plain for mark, plain in _QUOTES.items()}
"""Letters of other scripts that are taken for Latin ones, and quotation marks."""
