"""`rollcall diff`: what differs between two saved inventories, or between two moments of the journal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.cli.common import COMPLETE, Shared, declare, write
from agent.reports import report
from agent.runtime.given_file import read_given
from agent.runtime.terminal import tell

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from agent.cli.common import Commands

_States = tuple[dict[str, Any], dict[str, Any]]
"""Records by id, before and after."""


def add(commands: Commands) -> None:
    """Declare `diff`."""
    diff = commands.add_parser("diff", help="what differs between two saved inventories, or two moments of the journal")
    diff.add_argument("before", metavar="BEFORE", help="a file of records (json, ndjson); or a time, such as 7d")
    diff.add_argument("after", metavar="AFTER", help="the same of the later state; `now` for the journal's end")
    declare(diff, _diff, ("output",), report.DIFFERENCES.formats)


def _diff(shared: Shared, given: argparse.Namespace) -> int:
    from agent.config.error import ConfigError
    from agent.reports.difference import differences

    files = [Path(text) for text in (given.before, given.after)]
    there = [file.exists() for file in files]
    if all(there):
        before, after = map(_saved, files)
        if len({record.get("endpoint_id") for record in (*before.values(), *after.values())}) > 1:
            tell("rollcall: these are inventories of two machines: what both have is told as gone and new")
    elif any(there):
        raise ConfigError(f"{files[there.index(False)]}: no such file; give two files, or two times")
    else:
        before, after = _journaled(shared, given.before, given.after)
    write(report.DIFFERENCES, differences(before, after), shared)
    return COMPLETE


def _saved(file: Path) -> dict[str, Any]:
    """The records of a file that `--format json` or `ndjson` wrote. Raises `ConfigError`, `OSError`."""
    from agent.config.error import ConfigError

    text = read_given(file).decode("utf-8", "replace")
    try:
        told = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines()]
        return {record["id"]: record for record in told}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ConfigError(f"{file}: no records; save them with --format json or ndjson") from None


def _journaled(shared: Shared, since: str, until: str) -> _States:
    """What the entries between two moments changed, and nothing of what they left as it was."""
    from agent.cli.audit import journal_of
    from agent.journal.history import history
    from agent.journal.selection import Selection
    from agent.service.action_history import since as moment

    ops = ("discovered", "changed", "removed")
    selection = Selection(moment(since, None), None if until == "now" else moment(until, None), ops=ops)
    with journal_of(shared) as (journal, _):
        return folded(history(journal, selection))


def folded(entries: Iterable[Mapping[str, Any]]) -> _States:
    """The states before the first and after the last entry, of the records that they are about."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    seen: set[str] = set()
    for entry in entries:
        record = entry["record"]
        if record["id"] not in seen:
            seen.add(record["id"])
            if entry["op"] != "discovered":
                changed = {change["field"]: change["before"] for change in entry["changes"]}
                before[record["id"]] = {**record, **changed}
        if entry["op"] == "removed":
            after.pop(record["id"], None)
        else:
            after[record["id"]] = record
    return before, after
