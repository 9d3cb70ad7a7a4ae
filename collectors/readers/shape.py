"""Whether the settings of a file have the types that their client demands, and which of its keys nobody classified."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from agent.redaction import redact
from collectors.catalog.permissions import Shape
from collectors.sources.formats.keypath import find

_MOST = 50
_TYPES: dict[Shape, tuple[type, ...]] = {
    "bool": (bool,),
    "text": (str,),
    "number": (int, float),
    "list": (list,),
    "table": (dict,),
    "any": (object,),
}


def misfit(document: object, shape: Mapping[Shape, Sequence[str]]) -> str | None:
    """The first key whose value has another type than the client takes; None where all fit."""
    if shape and not isinstance(document, dict):
        return "<document>"
    for wanted, at in ((wanted, at) for wanted, keys in shape.items() for at in keys):
        for found in find(document, at):
            if not isinstance(found.value, _TYPES[wanted]) or (wanted == "number" and isinstance(found.value, bool)):
                return at
    return None


def unclassified_keys(document: object, shape: Mapping[Shape, Sequence[str]]) -> Iterator[str]:
    """Keys beside those of the shape, at every level that it describes, without secrets."""
    known = frozenset(at for keys in shape.values() for at in keys)
    levels = sorted({at.rpartition(".")[0] for at in known})
    unknown = (key for level in levels for key in _beside(document, level, known))
    yield from islice(unknown, _MOST)


def _beside(document: object, level: str, known: frozenset[str]) -> Iterator[str]:
    for found in find(document, level):
        for name in found.value if isinstance(found.value, dict) else ():
            if (f"{level}.{name}" if level else name) not in known:
                yield redact.name(f"{found.key}.{name}" if found.key else str(name))[:128]
