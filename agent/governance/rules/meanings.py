"""Why a finding matters, in words for the person on whose machine it is."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path


def meaning(rule: str) -> str:
    """Of one rule by its id; of one that has no words of its own those of its family."""
    own, families = _meanings()
    return own.get(rule) or families.get(rule.partition(".")[0]) or families["other"]


@cache
def _meanings() -> tuple[dict[str, str], dict[str, str]]:
    text = (Path(__file__).parent / "meanings.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)
    return found["rule"], found["family"]
