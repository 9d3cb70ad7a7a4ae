"""Entries of the journal for a person: what was seen, what changed from what to what, which finding opened."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_WIDEST = 100
NOT_TOLD = ("observed_at", "evidence")


def lines(entries: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """One line an entry, then one for each field that changed."""
    for entry in entries:
        record = entry["record"] or {}
        told_of = told(entry["op"], record)
        yield f"{entry['at'][:19]}Z  {entry['seq']:>8}  {told_of}{_controls(entry)}"
        for change in entry["changes"]:
            if change["field"] not in NOT_TOLD:
                yield f"{'':32}{change['field']}: {value_text(change['before'])} -> {value_text(change['after'])}"


def each(entries: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The entries as they are, one a line."""
    return map(json.dumps, entries)


def told(op: str, record: Mapping[str, Any]) -> str:
    """One entry in words."""
    if record.get("kind") == "finding" and op != "removed":
        what = f"{record.get('title')} ({record.get('severity')})"
        return f"finding {record.get('state')}: {what}, {record.get('subject')}"
    if record.get("kind") == "checkpoint":
        return f"checkpoint ({record.get('reason')}), key {record.get('key_id')}"
    if record.get("kind") == "diagnostic":
        return f"{op} {record.get('code')}: {record.get('message')}"
    name = record.get("name") or record.get("server") or record.get("provider") or record.get("path") or ""
    of = f" in {record['agent']}" if record.get("agent") and record.get("kind") != "ai_agent" else ""
    whose = f" ({record['owner']})" if record.get("owner") else ""
    return " ".join(f"{op} {record.get('kind') or ''} {name}{of}{whose}".split())


def _controls(entry: Mapping[str, Any]) -> str:
    controls = entry.get("controls")
    return f"  [{', '.join(controls)}]" if controls else ""


def value_text(value: Any) -> str:
    """A value of a field, cut where it is long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
