"""Command rules as Codex has them: calls of `prefix_rule(pattern = ["git", ["push", "pull"]], decision = "allow")`.

The language is Starlark; only literal calls are understood, and nothing is evaluated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from collectors.sources.formats.unparseable import Notes

_CALL: Final = re.compile(r"^[ \t]*prefix_rule\s*\(", re.MULTILINE)
_WORD: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|#[^\n]*|[\[\](),=]|[A-Za-z_]\w*')
_MOST: Final = 2_000
_MOST_WORDS: Final = 500


def parse_prefix_rules(text: str, depth: int, notes: Notes) -> Any:
    """`{"rule": [{"pattern": [...], "decision": "..."}]}`; a rule that is not literal has a pattern that is no list."""
    calls = [match.end() for match in _CALL.finditer(text)][:_MOST]
    return {"rule": [_rule(_words(text, start)) for start in calls]}


def _words(text: str, start: int) -> Iterator[str]:
    """The words up to the bracket that closes the call."""
    level = 1
    for count, match in enumerate(_WORD.finditer(text, start)):
        word = match[0]
        level += (word in "([") - (word in ")]")
        if level == 0 or count > _MOST_WORDS:
            return
        if not word.startswith("#"):
            yield word


def _rule(told: Iterator[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"pattern": None, "decision": "allow"}
    words = list(told)
    for at, word in enumerate(words):
        if words[at + 1 : at + 2] != ["="]:
            continue
        value = words[at + 2 : at + 3]
        if word == "pattern":
            found["pattern"] = _list(words[at + 2 :])
        elif word == "decision":
            found["decision"] = _text(value[0]) if value else None
    return found


def _list(words: list[str]) -> list[Any] | None:
    """A list of texts and of lists of texts; None for anything that would have to be evaluated."""
    if words[:1] != ["["]:
        return None
    found: list[Any] = []
    inner: list[str] | None = None
    for word in words[1:]:
        text = _text(word)
        if text is not None:
            (found if inner is None else inner).append(text)
        elif word == "[" and inner is None:
            inner = []
        elif word == "]" and inner is not None:
            found.append(inner)
            inner = None
        elif word == "]":
            return found
        elif word != ",":
            return None
    return None


def _text(word: str) -> str | None:
    if word[:1] not in ("'", '"') or len(word) < 2:
        return None
    inner = word[1:-1].replace("\\'", "'") if word[0] == "'" else word[1:-1]
    try:
        return str(json.loads(f'"{inner}"')) if word[0] == '"' else inner
    except ValueError:
        return inner
