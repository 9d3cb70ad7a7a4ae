"""Version numbers, to be compared."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"v?(\d+\.\d+(?:\.\d+)*(?:[-+.][0-9A-Za-z.+-]+)?)")


def release(version: str) -> tuple[int, ...] | None:
    """The numbers of a version, to be compared; None for a text that is none. Pre-releases count like the release."""
    match = re.match(r"v?(\d+(?:\.\d+)+)", version) if len(version) <= 64 and _NUMBER.fullmatch(version) else None
    return tuple(int(number) for number in match[1].split(".")) if match else None


def padded(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """So that 2.1 and 2.1.0 are the same."""
    return (*numbers, *(0,) * (6 - len(numbers)))
