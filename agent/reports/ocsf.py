"""Records as OCSF events, one a line: what a look found, for a system that collects security events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from agent import __version__
from agent.records import Endpoint, Record
from agent.records.ocsf import Teller, event
from agent.reports.findings import Findings


def inventory(records: Iterable[Record]) -> Iterator[str]:
    """An event a record."""
    told = list(records)
    by = _teller(told)
    return (_line(record, by) for record in told)


def findings(found: Findings) -> Iterator[str]:
    """An event a finding."""
    by = _teller(found.records.values())
    return (_line(finding, by) for finding in found.chosen)


def _teller(records: Iterable[Record]) -> Teller:
    for record in records:
        if isinstance(record, Endpoint):
            version = record.rollcall_version
            return Teller(record.endpoint_id, version, record.hostname, record.os, record.os_version)
    return Teller("unknown", __version__)


def _line(record: Record, by: Teller) -> str:
    return json.dumps(event(json.loads(record.to_json()), by), ensure_ascii=False)
