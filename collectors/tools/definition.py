"""A tool as somebody tells it, and the digest of it that may leave the machine."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from sys import intern
from typing import Any, NamedTuple

from agent.records.canonical_json import canonical_json, representable
from agent.records.tool_list import Hint, ToolDigest
from agent.redaction import redact
from collectors.text.entries import entry_marks
from collectors.tools.effects import effects_of

_MEMBERS = ("name", "title", "description", "inputSchema", "outputSchema", "annotations")
"""What makes the definition; `_meta`, icons and the like are no part of it."""
_HINTS: dict[str, tuple[Hint, Hint]] = {
    "readOnlyHint": ("not_read_only", "read_only"),
    "destructiveHint": ("not_destructive", "destructive"),
    "idempotentHint": ("not_idempotent", "idempotent"),
    "openWorldHint": ("not_open_world", "open_world"),
}
_WORDS = re.compile(r"[A-Z]?[a-z]{1,12}(?:[ _-][A-Z]?[a-z]{1,12}){0,9}")
"""A few short words of letters: nothing that redaction would hide, which takes its time to say so."""
_MOST_PARAMETERS = 50
_LONGEST_NAME = 128
_TOGETHER = 4


class ToolAsRead(NamedTuple):
    """One tool, with its texts, as a server or a copy of its answer tells it. Nothing in it is to be trusted."""

    name: str
    title: str | None = None
    description: str | None = None
    input_schema: Mapping[str, Any] | None = None
    output_schema: Mapping[str, Any] | None = None
    annotations: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, entry: object) -> ToolAsRead | None:
        """From an element of a `tools/list` result; None for what is no tool."""
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or not entry["name"]:
            return None
        return cls(
            entry["name"],
            title=_text(entry.get("title")),
            description=_text(entry.get("description")),
            input_schema=_table(entry.get("inputSchema")),
            output_schema=_table(entry.get("outputSchema")),
            annotations=_table(entry.get("annotations")),
        )

    @property
    def definition(self) -> dict[str, Any]:
        """The members that make it what it is, by their names in the protocol; what is not there is left out."""
        texts, tables = (self.name, self.title, self.description), (self.input_schema, self.output_schema)
        values = (*texts, *tables, self.annotations)
        return {member: value for member, value in zip(_MEMBERS, values, strict=True) if value is not None}

    @property
    def is_only_name(self) -> bool:
        """Whether nothing but its name is known."""
        parts = (self.title, self.description, self.input_schema, self.output_schema, self.annotations)
        return all(part is None for part in parts)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters, as the schema spells them."""
        properties = (self.input_schema or {}).get("properties")
        return tuple(map(str, properties)) if isinstance(properties, dict) else ()


def canonical(tool: ToolAsRead) -> bytes:
    """The definition as RFC 8785 canonical JSON."""
    try:
        return canonical_json(tool.definition)
    except ValueError:
        return canonical_json(representable(tool.definition))


def digests(tools: Iterable[ToolAsRead], described: bool = False) -> Iterator[ToolDigest]:
    """Of each: names, hashes, sizes and hints, no text of the tool's but its names. What they hide is looked for in
    many at once, and in each alone only where there is something: hardly ever. `described`: with the description,
    redacted."""
    left = iter(tools)
    while some := tuple(islice(left, _TOGETHER)):
        suspect = bool(entry_marks([tool.definition for tool in some if not tool.is_only_name], tool=True))
        for tool in some:
            told = _digest(tool, suspect)
            yield told._replace(description=redact.text(tool.description)) if described and tool.description else told


def digest(tool: ToolAsRead) -> ToolDigest:
    """Of one."""
    return next(digests((tool,)))


def _digest(tool: ToolAsRead, suspect: bool) -> ToolDigest:
    body = canonical(tool)
    text = None if tool.description is None else tool.description.encode("utf-8", "replace")
    only_name, hints = tool.is_only_name, _hints(tool.annotations or {})
    parameters = tool.parameters[:_MOST_PARAMETERS]
    return ToolDigest(
        name=shown(tool.name),
        title=None if tool.title is None else shown(tool.title),
        definition_hash=None if only_name else hashlib.sha256(body).hexdigest(),
        description_hash=None if text is None else hashlib.sha256(text).hexdigest(),
        description_size=None if text is None else len(text),
        size=None if only_name else len(body),
        parameters=tuple(map(shown, parameters)),
        hints=hints,
        effects=effects_of(tool.name[:_LONGEST_NAME], parameters, hints),
        marks=entry_marks(tool.definition, tool=True) if suspect and not only_name else (),
    )


@lru_cache(maxsize=4_096)
def shown(name: str) -> str:
    """A name that a stranger chose, as it may be told: redacted, short, without characters that print as nothing."""
    if _WORDS.fullmatch(name):
        return intern(name)
    kept = "".join(c if c.isprintable() else "\ufffd" for c in name[:_LONGEST_NAME])
    return redact.name(kept)


def _hints(annotations: Mapping[str, Any]) -> tuple[Hint, ...]:
    """What is declared as a boolean; equal ones are the same object, as there are few."""
    if not annotations:
        return ()
    told = ((words, annotations.get(name)) for name, words in _HINTS.items())
    return _shared(tuple(words[value] for words, value in told if isinstance(value, bool)))


@lru_cache(maxsize=81)
def _shared(hints: tuple[Hint, ...]) -> tuple[Hint, ...]:
    return hints


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _table(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None
