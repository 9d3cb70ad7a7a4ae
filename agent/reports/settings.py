"""The settings in force as TOML, each with where it came from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Source = Callable[[tuple[str, ...]], str]
"""From section and key to the place in words."""


def lines(settings: Mapping[str, Any], source: Source) -> Iterator[str]:
    """What could be given as a configuration file, the source of each value as a comment."""
    for name, section in settings.items():
        tables = section if isinstance(section, list) else [section]
        for number, table in enumerate(tables):
            at = (name, str(number)) if isinstance(section, list) else (name,)
            yield f"[[{name}]]" if isinstance(section, list) else f"[{name}]"
            for key, value in table.items():
                if value is not None:
                    yield f"{key} = {_toml(value)}  # {source((*at, key))}"
            yield ""


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items() if one is not None) + "}"
        )
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
