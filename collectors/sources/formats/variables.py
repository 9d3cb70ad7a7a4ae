"""Files of environment variables, `NAME=value` a line, as clients read them at their start."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any, Final

from collectors.sources.formats.unparseable import Notes

_LINE: Final = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w{0,199})[ \t]*=[ \t]*("[^"\n]*"|'[^'\n]*'|[^\s#]*)""", re.MULTILINE
)
_MOST: Final = 2_000


def parse_variables(text: str, depth: int, notes: Notes) -> Any:
    """A table of texts; the last of one name counts, and what is no such line is passed over."""
    return {match[1]: match[2].strip("\"'") for match in islice(_LINE.finditer(text), _MOST)}
