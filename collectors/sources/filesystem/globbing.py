"""Existing paths that fit a pattern, listing only the folders in which a `*` stands."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=256)
def expression(component: str) -> re.Pattern[str]:
    """What names of a folder fit one component of a pattern."""
    return re.compile("[^/]*".join(map(re.escape, component.split("*"))), re.DOTALL)


def captures(pattern: str, path: str) -> tuple[str, ...]:
    """What each `*` of a pattern stands for in a path; nothing where it does not fit."""
    match = _capturing(pattern).fullmatch(path)
    return match.groups() if match else ()


@lru_cache(maxsize=64)
def _capturing(pattern: str) -> re.Pattern[str]:
    return re.compile("([^/]*)".join(map(re.escape, pattern.split("*"))), re.DOTALL)
