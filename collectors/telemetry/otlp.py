"""The requests of OTLP/HTTP 1.x (opentelemetry.io/docs/specs/otlp) as plain values: log records and spans alike.

Of metrics nothing is read. A value here may be what somebody wrote: whoever takes one names the attribute it comes
from and lets only names, numbers and times through (`collectors.transcripts.statement`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from collectors.telemetry.protobuf import MalformedError, Message, Part, decode

_MOST_ENTRIES = 20_000

_ANY = Message()
_KEY_VALUE = Message({1: Part("key", "text"), 2: Part("value", _ANY)})
_ANY.fields |= {
    1: Part("stringValue", "text"),
    2: Part("boolValue", "bool"),
    3: Part("intValue", "int"),
    4: Part("doubleValue", "double"),
}
_ATTRIBUTES = Part("attributes", _KEY_VALUE, repeated=True)
_RESOURCE = Part("resource", Message({1: _ATTRIBUTES}))
_LOG = Message(
    {
        1: Part("timeUnixNano", "uint64"),
        11: Part("observedTimeUnixNano", "uint64"),
        12: Part("eventName", "text"),
        5: Part("body", _ANY),
        6: _ATTRIBUTES,
    }
)
_STATUS = Message({3: Part("code", "int")})
_SPAN = Message(
    {
        5: Part("name", "text"),
        7: Part("startTimeUnixNano", "uint64"),
        8: Part("endTimeUnixNano", "uint64"),
        9: _ATTRIBUTES,
        15: Part("status", _STATUS),
    }
)
_LOGS = Message(
    {
        1: Part(
            "resourceLogs",
            Message(
                {
                    1: _RESOURCE,
                    2: Part("scopeLogs", Message({2: Part("logRecords", _LOG, repeated=True)}), repeated=True),
                }
            ),
            repeated=True,
        )
    }
)
_TRACES = Message(
    {
        1: Part(
            "resourceSpans",
            Message(
                {
                    1: _RESOURCE,
                    2: Part("scopeSpans", Message({2: Part("spans", _SPAN, repeated=True)}), repeated=True),
                }
            ),
            repeated=True,
        )
    }
)
_REQUESTS = {"/v1/logs": _LOGS, "/v1/traces": _TRACES}
PATHS = (*_REQUESTS, "/v1/metrics")
_STATUS_WORDS = {"STATUS_CODE_ERROR": 2, "STATUS_CODE_OK": 1}


def entries(path: str, body: bytes, *, is_json: bool) -> Iterator[dict[str, Any]]:
    """Each log record or span as `{name, attributes, resource, at, ended, failed}`; times in milliseconds since the
    epoch. Raises `MalformedError`."""
    request = _REQUESTS.get(path)
    if request is None:
        return
    document = _from_json(body) if is_json else decode(memoryview(body), request)
    left = _MOST_ENTRIES
    for of_resource in _several(document, "resourceLogs", "resourceSpans"):
        resource = _attributes(of_resource.get("resource"))
        for scope in _several(of_resource, "scopeLogs", "scopeSpans"):
            for entry in _several(scope, "logRecords", "spans"):
                left -= 1
                if left < 0:
                    raise MalformedError
                yield _entry(entry, resource)


def _from_json(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedError from error
    if not isinstance(document, dict):
        raise MalformedError
    return document


def _entry(entry: dict[str, Any], resource: dict[str, Any]) -> dict[str, Any]:
    attributes = _attributes(entry)
    names = (attributes.get("event.name"), entry.get("name"), entry.get("eventName"), _plain(entry.get("body")))
    status = entry.get("status")
    code = status.get("code") if isinstance(status, dict) else None
    return {
        "name": next((name for name in names if isinstance(name, str) and name), ""),
        "attributes": attributes,
        "resource": resource,
        "at": _first_time(entry, "timeUnixNano", "startTimeUnixNano", "observedTimeUnixNano"),
        "ended": _first_time(entry, "endTimeUnixNano"),
        "failed": _STATUS_WORDS.get(code, 0) == 2 if isinstance(code, str) else code == 2,
    }


def _several(value: object, *names: str) -> Iterator[dict[str, Any]]:
    for name in names:
        found = value.get(name) if isinstance(value, dict) else None
        yield from (element for element in found if isinstance(element, dict)) if isinstance(found, list) else ()


def _attributes(value: object) -> dict[str, Any]:
    return {
        key: plain
        for attribute in _several(value, "attributes")
        if isinstance(key := attribute.get("key"), str) and (plain := _plain(attribute.get("value"))) is not None
    }


def _plain(value: object) -> str | bool | int | float | None:
    """Text, truth or number of an AnyValue; a list or map is none. 64-bit numbers are texts in the JSON form."""
    if not isinstance(value, dict):
        return None
    for name in ("stringValue", "boolValue", "intValue", "doubleValue"):
        found = value.get(name)
        if name == "intValue" and isinstance(found, str):
            return int(found) if re.fullmatch(r"-?[0-9]{1,20}", found) else None
        if isinstance(found, str | bool | int | float):
            return found
    return None


def _first_time(entry: dict[str, Any], *names: str) -> int | None:
    for name in names:
        value = entry.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 21:
            value = int(value)
        if isinstance(value, int) and value > 0:
            return value // 1_000_000
    return None
