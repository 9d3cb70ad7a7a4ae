"""Existing paths that fit a pattern, listing only the folders in which a `*` stands."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


@lru_cache(maxsize=256)
def expression(component: str) -> re.Pattern[str]:
    """What names of a folder fit one component of a pattern."""
    return re.compile("[^/]*".join(map(re.escape, component.split("*"))), re.DOTALL)
