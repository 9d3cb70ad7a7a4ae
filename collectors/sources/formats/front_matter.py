"""The YAML at the start of a Markdown file."""

from __future__ import annotations

import re
from typing import Any, Final

from collectors.sources.formats.unparseable import Notes
from collectors.sources.formats.yaml_text import parse_yaml

_FENCED: Final = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)


def parse_front_matter(text: str, depth: int, notes: Notes) -> Any:
    """What stands between the first two lines of `---`; an empty table where the file does not begin with one."""
    found = _FENCED.match(text)
    return parse_yaml(found[1], depth, notes) or {} if found and found[1].strip() else {}
