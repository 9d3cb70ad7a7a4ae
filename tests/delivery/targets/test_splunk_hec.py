"""Splunk's HTTP Event Collector: a server written from its documentation, not Splunk itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.delivery.contract import Accepted, Misconfigured, Outcome, Refused, Retry
from agent.delivery.targets.splunk_hec import SplunkSettings, SplunkTarget
from agent.journal.journal import Journal
from tests.delivery.targets.every_kind import journal_of_everything
from tests.receivers.scripted_http import Request, Scripted, scripted

_OK = (200, {"text": "Success", "code": 0})


class Indexer:
    """Takes events; acknowledges them the second time it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, request: Request) -> tuple[int, Any]:
        if request.headers.get("authorization") != "Splunk secret-7":
            return 403, {"text": "Invalid token", "code": 4}
        if request.path == "/services/collector/event":
            return 200, {"text": "Success", "code": 0, "ackId": 5}
        self.asked += 1
        return 200, {"acks": {str(number): self.asked > 1 for number in json.loads(request.body)["acks"]}}


def sent(
    journal: Journal, tmp_path: Path, answering: Callable[[Request], tuple[int, Any]], **more: Any
) -> tuple[Outcome, Scripted]:
    (tmp_path / "token").touch(mode=0o600)
    (tmp_path / "token").write_text("secret-7")
    batch = journal_of_everything(journal)[0]
    with scripted(answering) as server:
        settings = SplunkSettings(url=server.url, token_file=tmp_path / "token", **more)
        return SplunkTarget(settings, lambda *_: None).send(batch), server


def test_events_are_delivered_once_they_are_acknowledged(journal: Journal, tmp_path: Path) -> None:
    outcome, server = sent(journal, tmp_path, Indexer(), acknowledge=True, index="ai")
    assert outcome == Accepted()
    assert [r.path.rpartition("/")[2] for r in server.heard] == ["event", "ack", "ack"]
    assert len({r.headers["x-splunk-request-channel"] for r in server.heard}) == 1
    events = [json.loads(line) for line in server.heard[0].body.splitlines()]
    entries = [json.loads(line.body) for line in journal.lines(0, 500)]
    assert [event["event"] for event in events] == entries[: len(events)]
    assert len({event["fields"]["rollcall_id"] for event in events}) == len(events)
    assert {event["index"] for event in events} == {"ai"}
    assert events[0]["time"] > 1_600_000_000


def test_what_is_never_acknowledged_is_sent_again(journal: Journal, tmp_path: Path) -> None:
    def never(request: Request) -> tuple[int, Any]:
        return (200, {"acks": {"5": False}}) if request.path.endswith("/ack") else (200, {"code": 0, "ackId": 5})

    outcome, _ = sent(journal, tmp_path, never, acknowledge=True, acknowledge_seconds=0.1)
    assert isinstance(outcome, Retry)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (_OK, Accepted()),
        ((400, {"code": 6, "invalid-event-number": 1}), Refused("HTTP 400, code 6")),
        ((400, {"code": 7, "text": "Incorrect index"}), Misconfigured("HTTP 400, code 7")),
        ((403, {"code": 4}), Misconfigured("HTTP 403")),
        ((503, {"code": 9}), Retry("HTTP 503")),
        ((413, {}), Refused("HTTP 413")),
    ],
)
def test_answers_mean_what_their_codes_say(
    journal: Journal, tmp_path: Path, answer: tuple[int, Any], expected: Outcome
) -> None:
    assert sent(journal, tmp_path, lambda _: answer)[0] == expected


def test_a_token_without_acknowledgement_is_told(journal: Journal, tmp_path: Path) -> None:
    outcome, _ = sent(journal, tmp_path, lambda _: _OK, acknowledge=True)
    assert isinstance(outcome, Misconfigured) and "ackId" in outcome.reason
