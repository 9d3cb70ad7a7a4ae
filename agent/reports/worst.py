"""The gravest open finding about each record, and records in that order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from agent.records import Finding, Record
from agent.records.ai_agent import ClientKey
from agent.records.finding import SEVERITIES

R = TypeVar("R", bound=Record)

_RANK: dict[str | None, int] = {severity: rank for rank, severity in enumerate(SEVERITIES)}


class Worst:
    """Severities by record id, and by account and client."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.of: dict[str, str] = {}
        self.of_client: dict[ClientKey, str] = {}
        for record in records:
            if isinstance(record, Finding) and record.state in ("open", "reopened"):
                _keep(self.of, record.subject_id, record.severity)
                if record.agent:
                    _keep(self.of_client, (record.owner, record.agent), record.severity)


def by_severity(records: Iterable[R], worst: Mapping[str, str], order: Callable[[R], Any]) -> list[R]:
    """What has the gravest finding first."""
    return sorted(records, key=lambda record: (-rank(worst.get(record.id)), order(record)))


def rank(severity: str | None) -> int:
    """From -1, for none, upwards."""
    return _RANK.get(severity, -1)


def _keep(worst: dict[Any, str], key: object, severity: str) -> None:
    if rank(severity) > rank(worst.get(key)):
        worst[key] = severity
