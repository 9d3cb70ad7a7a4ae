"""What differs from the accepted baseline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from agent.governance.baseline import KINDS, Baseline, about_of
from agent.records import Record
from agent.reports import sheet
from agent.reports.sheet import Sheet

_HEAD = ("difference", "about", "field", "before", "after")


class Comparison(NamedTuple):
    """What is asked about: these records beside what was accepted."""

    baseline: Baseline
    records: Iterable[Record]


def lines(compared: Comparison) -> Iterator[str]:
    """What is new, changed or gone since the baseline."""
    for what, about, name, before, after in _differences(compared):
        yield f"{what:<8} {about}" + (f": {name} from {before} to {after}" if name else "")


def csv(compared: Comparison) -> Iterator[str]:
    """A row per difference."""
    return sheet.as_csv(Sheet(_HEAD, list(_differences(compared))))


def as_json(compared: Comparison) -> Iterator[str]:
    """An array of objects, one a difference."""
    return sheet.as_json(Sheet(_HEAD, list(_differences(compared))))


def _differences(compared: Comparison) -> Iterator[tuple[str, str, str, str, str]]:
    baseline = compared.baseline
    held = {record.id: record for record in compared.records if record.kind in KINDS}
    for record in held.values():
        about = _words(about_of(record))
        if baseline.is_new(record):
            yield "new", about, "", "", ""
        for name, before, after in baseline.changes(record):
            yield "changed", about, name, str(before), str(after)
    for id_, about_gone in baseline.accepted.items():
        if id_ not in held:
            yield "gone", _words(about_gone), "", "", ""


_UNSAID = (
    *("launch_hash", "content_hash", "definition_hash", "description_hash", "description_size", "whole", "known_from"),
    *("parameters", "hints"),
)


def _words(about: Mapping[str, Any]) -> str:
    return " ".join(str(value) for name, value in about.items() if value and name not in _UNSAID)
