"""The wire forms of OTLP: protobuf as the official classes write it says what the JSON form says."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import given
from hypothesis import strategies as some
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collectors.telemetry.otlp import entries
from collectors.telemetry.protobuf import MalformedError
from tests.collectors.telemetry.sent import SENDERS, payloads

REQUESTS = {"/v1/logs": ExportLogsServiceRequest, "/v1/traces": ExportTraceServiceRequest}


@pytest.mark.parametrize("name", [*SENDERS, "opencode", "kilo"])
def test_both_forms_say_the_same(name: str, shared: Path) -> None:
    for path, body in payloads(shared, name):
        if path not in REQUESTS:
            continue
        message = ParseDict(_with_bytes(json.loads(body)), REQUESTS[path](), ignore_unknown_fields=True)
        found = list(entries(path, message.SerializeToString(), is_json=False))
        assert found and found == list(entries(path, body, is_json=True))


def _with_bytes(value: object) -> object:
    """Without the ids of traces, which OTLP's JSON writes in hex and protobuf's own in base64."""
    if isinstance(value, dict):
        kept = (key for key in value if not key.lower().endswith(("traceid", "spanid")))
        return {key: _with_bytes(value[key]) for key in kept}
    return [_with_bytes(part) for part in value] if isinstance(value, list) else value


def test_numbers_of_64_bits_and_what_is_no_number() -> None:
    values = ({"intValue": "-3"}, {"intValue": 4}, {"intValue": "9" * 30}, {"doubleValue": 0.5}, {"boolValue": False})
    attributes = [{"key": f"k{n}", "value": value} for n, value in enumerate(values)]
    log = {"timeUnixNano": "1795815127729000000", "eventName": "e", "attributes": attributes}
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [log, None, "x"]}]}, 7]}).encode()
    (entry,) = entries("/v1/logs", body, is_json=True)
    assert entry["attributes"] == {"k0": -3, "k1": 4, "k3": 0.5, "k4": False}
    assert (entry["name"], entry["at"]) == ("e", 1795815127729)


@given(some.binary(max_size=300))
def test_any_bytes_are_a_request_or_malformed(data: bytes) -> None:
    for path in REQUESTS:
        for is_json in (True, False):
            with suppress(MalformedError):
                list(entries(path, data, is_json=is_json))


def test_more_fields_or_entries_than_any_client_sends_are_malformed() -> None:
    for body in (b"\x0a\x00" * 250_000, b"\x0a\x02\x12\x00" * 10 + b"\xff" * 11):
        with pytest.raises(MalformedError):
            list(entries("/v1/logs", body, is_json=False))
    many = b'{"resourceLogs": [{"scopeLogs": [{"logRecords": [%s]}]}]}' % b",".join([b"{}"] * 20_001)
    for body in (many, b"[" * 200_000, b"[]"):
        with pytest.raises(MalformedError):
            list(entries("/v1/logs", body, is_json=True))
