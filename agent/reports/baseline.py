"""What differs from the accepted baseline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from agent.governance.baseline import KINDS, Baseline, about_of
from agent.records import Record


class Comparison(NamedTuple):
    """What is asked about: these records beside what was accepted."""

    baseline: Baseline
    records: Iterable[Record]


def lines(compared: Comparison) -> Iterator[str]:
    """What is new, changed or gone since the baseline."""
    baseline = compared.baseline
    held = {record.id: record for record in compared.records if record.kind in KINDS}
    for record in held.values():
        if baseline.is_new(record):
            yield f"new      {_words(about_of(record))}"
        for name, before, after in baseline.changes(record):
            yield f"changed  {_words(about_of(record))}: {name} from {before} to {after}"
    for id_, about in baseline.accepted.items():
        if id_ not in held:
            yield f"gone     {_words(about)}"


_UNSAID = (
    *("launch_hash", "content_hash", "definition_hash", "description_hash", "description_size", "whole", "known_from"),
    *("parameters", "hints"),
)


def _words(about: Mapping[str, Any]) -> str:
    return " ".join(str(value) for name, value in about.items() if value and name not in _UNSAID)
