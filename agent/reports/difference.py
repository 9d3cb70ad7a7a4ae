"""What differs between two states of the same inventory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from agent.records import KINDS, Record
from agent.reports import sheet
from agent.reports.sheet import Sheet
from agent.runtime.terminal import plain

Fields = Mapping[str, Any]
"""A record as its JSON says it."""

_HEAD = ("difference", "kind", "about", "field", "before", "after")
_OF_THE_LOOK = ("summary", "heartbeat", "checkpoint", "action", "action_count")
"""Kinds that tell of a look or of what happened, and are no part of what is there."""
_TIMES = {"opened_at", "closed_at"}
"""Of a finding: a look that remembers nothing takes each for new, and its state tells the rest."""
_NAMES = ("name", "subject", "server", "provider", "path", "remote", "hostname", "agent", "owner")


class Difference(NamedTuple):
    """One thing that is new, gone, or another in one field."""

    what: str
    kind: str
    about: str
    field: str = ""
    before: str = ""
    after: str = ""


def differences(before: Mapping[str, Fields], after: Mapping[str, Fields]) -> list[Difference]:
    """Of records by id: in the order of kind and name. When and how something was seen is no difference."""
    found: list[Difference] = []
    for id_ in {**before, **after}:
        old, new = before.get(id_), after.get(id_)
        told = new or old or {}
        kind, about = str(told.get("kind")), _about(told)
        if kind in _OF_THE_LOOK:
            continue
        if old is None or new is None:
            found.append(Difference("gone" if new is None else "new", kind, about))
            continue
        passing = KINDS[kind].NOT_FACTS if kind in KINDS else Record.NOT_FACTS
        for name in sorted({*old, *new} - passing - _TIMES):
            if old.get(name) != new.get(name):
                found.append(Difference("changed", kind, about, name, _text(old.get(name)), _text(new.get(name))))
    return sorted(found, key=lambda one: (one.kind, one.about, one.what, one.field))


def lines(found: Sequence[Difference]) -> Iterator[str]:
    """A line a difference, below its kind."""
    kind = ""
    for one in found:
        if one.kind != kind:
            yield from ("",) if kind else ()
            yield f"{one.kind.replace('_', ' ')}:"
            kind = one.kind
        change = f": {one.field} from {one.before or 'nothing'} to {one.after or 'nothing'}" if one.field else ""
        yield plain(f"  {one.what:<8} {one.about}{change}")
    counts = ", ".join(f"{sum(one.what == what for one in found)} {what}" for what in ("new", "changed", "gone"))
    yield from ("", counts) if found else ("No difference.",)


def csv(found: Sequence[Difference]) -> Iterator[str]:
    """A row a difference."""
    return sheet.as_csv(Sheet(_HEAD, found))


def as_json(found: Sequence[Difference]) -> Iterator[str]:
    """An array of objects, one a difference."""
    return sheet.as_json(Sheet(_HEAD, found))


def _about(record: Fields) -> str:
    name = next((str(record[field]) for field in _NAMES if record.get(field)), str(record.get("id")))
    of = f" in {record['agent']}" if record.get("agent") and record["agent"] != name else ""
    owner = f" ({record['owner']})" if record.get("owner") and record["owner"] != name else ""
    title = f"{record.get('title')}: " if record.get("kind") == "finding" else ""
    return f"{title}{name}" if title else f"{name}{of}{owner}"


def _text(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
