"""OpenTelemetry: OTLP/HTTP logs in JSON. Inventory as entity events, everything else as events of its own name."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Literal

from agent import __version__
from agent.delivery.batch import Batch
from agent.delivery.contract import Accepted, Notice, Outcome, TargetType
from agent.delivery.filter import Sent, chosen
from agent.delivery.http.client import Answer, HttpClient
from agent.delivery.http.outcomes import failure_in
from agent.delivery.http.settings import HttpSettings
from agent.delivery.settings import FilteredSettings

_LATER = frozenset({429, 502, 503, 504})
"""The only answers that OTLP lets a client repeat; the rest is a case for a person, and no entry is lost for it."""
_SEVERITIES = {"info": 9, "low": 10, "medium": 13, "high": 17, "critical": 21}
_STATES = ("discovered", "changed", "snapshot")
# Names that the semantic conventions still develop: they stand here and nowhere else.
_ENTITY_STATE, _ENTITY_DELETE = "entity.state", "entity.delete"
_ENTITY_TYPE, _ENTITY_ID, _ENTITY_DESCRIPTION = "entity.type", "entity.id", "entity.description"


class OtlpSettings(HttpSettings, FilteredSettings):
    """An OpenTelemetry collector, or a backend that speaks OTLP/HTTP; `url` ends with `/v1/logs`."""

    type: Literal["otlp"] = "otlp"


class OtlpTarget:
    """A log record for each entry."""

    def __init__(self, settings: OtlpSettings, on_notice: Notice) -> None:
        self.name = settings.name
        self._settings = settings
        self._client = HttpClient(settings, on_notice)
        self.abort, self.close = self._client.abort, self._client.close

    def send(self, batch: Batch) -> Outcome:
        entries = chosen(batch, self._settings)
        if not entries:
            return Accepted()
        body = json.dumps(_request(batch.endpoint_id, entries), separators=(",", ":")).encode()
        answer = self._client.post(body, {"Content-Type": "application/json"})
        if not isinstance(answer, Answer):
            return answer
        return failure_in(answer, _LATER) or Accepted(loss=_loss(answer.json(), len(entries)))


def _loss(answer: dict[str, Any], sent: int) -> str | None:
    """What a partial success says: it must not be repeated, and names no record."""
    partial = answer.get("partialSuccess")
    rejected = partial.get("rejectedLogRecords") if isinstance(partial, dict) else None
    try:
        count = int(rejected or 0)
    except (TypeError, ValueError, OverflowError):
        return None
    return f"{min(count, sent)} of them, it does not say which" if count > 0 else None


def _request(endpoint_id: str, entries: list[Sent]) -> dict[str, Any]:
    resource = {"service.name": "rollcall", "service.version": __version__, "host.id": endpoint_id}
    records = [_record(sent) for sent in entries]
    scope = {"name": "rollcall", "version": __version__}
    return {
        "resourceLogs": [
            {"resource": {"attributes": _attributes(resource)}, "scopeLogs": [{"scope": scope, "logRecords": records}]}
        ]
    }


def _record(sent: Sent) -> dict[str, Any]:
    entry, record = sent.entry, sent.record
    kind, op = str(record.get("kind", "")), entry["op"]
    at = str(_nanoseconds(entry["at"]))
    named = {
        "log.record.uid": sent.id,
        "rollcall.chain": entry["chain"],
        "rollcall.seq": sent.seq,
        "rollcall.op": op,
        "rollcall.kind": kind,
        **({"rollcall.controls": entry["controls"]} if entry.get("controls") else {}),
        **({"user.name": record["owner"]} if record.get("owner") else {}),
    }
    told: dict[str, Any] = {"timeUnixNano": at, "observedTimeUnixNano": at, "severityNumber": _severity(record)}
    if kind != "finding" and (op in _STATES or op == "removed"):
        identity = {_ENTITY_TYPE: f"rollcall.{kind}", _ENTITY_ID: {"rollcall.id": record.get("id", "")}}
        described = {} if op == "removed" else {_ENTITY_DESCRIPTION: record}
        event = _ENTITY_DELETE if op == "removed" else _ENTITY_STATE
        return {**told, "eventName": event, "attributes": _attributes({**named, **identity, **described})}
    body = _value({"record": record, "changes": entry.get("changes") or []})
    return {**told, "eventName": f"rollcall.{kind or op}", "body": body, "attributes": _attributes(named)}


def _severity(record: dict[str, Any]) -> int:
    if record.get("kind") == "diagnostic":
        return {"warning": 13, "error": 17}.get(record.get("severity", ""), 9)
    return _SEVERITIES.get(record.get("severity", "info"), 9) if record.get("kind") == "finding" else 9


def _nanoseconds(at: str) -> int:
    moment = datetime.fromisoformat(at)
    return int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1000


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: Any) -> dict[str, Any]:
    """An AnyValue as the JSON encoding of protobuf has it; null is a value without any."""
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case list() | tuple():
            return {"arrayValue": {"values": [_value(item) for item in value]}}
        case dict():
            return {"kvlistValue": {"values": _attributes(value)}}
    return {}


TARGET = TargetType(OtlpSettings, OtlpTarget)
