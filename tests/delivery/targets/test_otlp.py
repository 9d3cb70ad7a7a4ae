"""OTLP, read by the official classes of its protocol, which take no field that they do not know."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.delivery.contract import Accepted, Misconfigured, Refused, Retry
from agent.delivery.sender import Sender
from agent.delivery.targets.otlp import OtlpSettings, OtlpTarget
from agent.journal.journal import Journal
from tests.delivery.targets.every_kind import journal_of_everything
from tests.receivers.scripted_http import scripted

_pb = pytest.importorskip("opentelemetry.proto.collector.logs.v1.logs_service_pb2")


def strictly(body: bytes) -> Any:
    from google.protobuf.json_format import Parse

    return Parse(body, _pb.ExportLogsServiceRequest(), ignore_unknown_fields=False)


def told(value: Any) -> Any:
    """What an AnyValue says."""
    match value.WhichOneof("value"):
        case "kvlist_value":
            return {pair.key: told(pair.value) for pair in value.kvlist_value.values}
        case "array_value":
            return [told(item) for item in value.array_value.values]
        case None:
            return None
        case name:
            return getattr(value, name)


def test_every_kind_of_entry_is_a_log_record_that_says_all_of_it(journal: Journal) -> None:
    batches = journal_of_everything(journal)
    with scripted(lambda _: (200, {})) as server:
        target = OtlpTarget(OtlpSettings(url=f"{server.url}/v1/logs"), lambda *_: None)
        assert [target.send(batch) for batch in batches] == [Accepted()] * len(batches)
        assert target.send(batches[0]) == Accepted()
        target.close()
    assert server.heard[0].body == server.heard[-1].body, "an attempt is like another, byte for byte"
    assert server.heard[0].headers["content-type"] == "application/json"
    records, entries = [], [json.loads(line) for batch in batches for line in batch.lines]
    for request in server.heard[:-1]:
        (logs,) = strictly(request.body).resource_logs
        resource = {pair.key: told(pair.value) for pair in logs.resource.attributes}
        assert resource["host.id"] == journal.endpoint_id
        records += logs.scope_logs[0].log_records
    assert len(records) == len(entries)
    for record, entry in zip(records, entries, strict=True):
        attributes = {pair.key: told(pair.value) for pair in record.attributes}
        assert (attributes["rollcall.chain"], attributes["rollcall.seq"]) == (entry["chain"], entry["seq"])
        assert record.time_unix_nano > 0 and record.severity_number > 0
        kind = (entry["record"] or {}).get("kind")
        if record.event_name == "entity.state":
            assert attributes["entity.description"] == entry["record"]
        elif record.event_name == "entity.delete":
            assert attributes["entity.id"] == {"rollcall.id": entry["record"]["id"]}
        else:
            assert record.event_name == f"rollcall.{kind or entry['op']}"
            assert told(record.body)["record"] == (entry["record"] or {})


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (200, {"partialSuccess": {}}, Accepted()),
        (200, {"partialSuccess": {"rejectedLogRecords": "0", "errorMessage": "a warning"}}, Accepted()),
        (200, {"partialSuccess": {"rejectedLogRecords": "nonsense"}}, Accepted()),
        (200, {"partialSuccess": {"rejectedLogRecords": float("inf")}}, Accepted()),
        (200, {"partialSuccess": {"rejectedLogRecords": -1}}, Accepted()),
        (503, {}, Retry("HTTP 503")),
        (429, {}, Retry("HTTP 429")),
        (400, {}, Refused("HTTP 400")),
        (500, {}, Misconfigured("HTTP 500")),
        (401, {}, Misconfigured("HTTP 401")),
    ],
)
def test_answers_mean_what_otlp_says(journal: Journal, status: int, answer: object, expected: object) -> None:
    batch = journal_of_everything(journal)[0]
    with scripted(lambda _: (status, answer)) as server:
        assert OtlpTarget(OtlpSettings(url=server.url), lambda *_: None).send(batch) == expected


def test_a_partial_success_is_not_repeated_and_is_told_as_a_loss(journal: Journal) -> None:
    journal_of_everything(journal)
    lost = iter([{"partialSuccess": {"rejectedLogRecords": "2", "errorMessage": "secret words"}}])
    with scripted(lambda _: (200, next(lost, {}))) as server:
        settings = OtlpSettings(url=server.url)
        sender = Sender(journal, OtlpTarget(settings, lambda *_: None), settings)
        sender.start()
        assert sender.flush(10)
        assert sender.flush(10)
        sender.stop()
    sent = [len(strictly(r.body).resource_logs[0].scope_logs[0].log_records) for r in server.heard]
    assert sum(sent) == journal.head().seq, "each entry once"
    notice = json.loads(journal.lines(journal.head().seq - 1, 1)[0].body)["record"]
    assert notice["code"] == "delivery.lost"
    assert "2 of them" in notice["message"] and "secret" not in notice["message"]
