"""Splunk's HTTP Event Collector, where wanted with indexer acknowledgement: delivered is what is indexed."""

from __future__ import annotations

import json
import threading
import time
import uuid
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from agent.delivery.batch import Batch
from agent.delivery.contract import Accepted, Misconfigured, Notice, Outcome, Refused, Retry, TargetType
from agent.delivery.filter import Sent, chosen
from agent.delivery.http.client import Answer, HttpClient
from agent.delivery.http.outcomes import failure_in
from agent.delivery.http.settings import HttpSettings
from agent.delivery.settings import FilteredSettings

_ASK_SECONDS = 1.0
_BAD_DATA = (5, 6, 12, 13, 15)
"""Codes of an answer 400 that blame the events; the others blame index, channel or token."""


class SplunkSettings(HttpSettings, FilteredSettings):
    """An HTTP Event Collector; `url` is its address without a path, such as `https://splunk.example.com:8088`."""

    type: Literal["splunk_hec"] = "splunk_hec"
    index: str = ""
    """Index that events go to; empty: the token's."""
    sourcetype: str = "rollcall"
    acknowledge: bool = False
    """Wait until the indexers have the events: the token must have indexer acknowledgement on."""
    acknowledge_seconds: float = Field(default=120.0, gt=0, le=3600)
    """How long, before they are sent once more."""


class SplunkTarget:
    """An event for each entry; `rollcall_id` among its indexed fields is the same in every attempt."""

    def __init__(self, settings: SplunkSettings, on_notice: Notice) -> None:
        self.name = settings.name
        self._settings = settings
        self._client = HttpClient(settings, on_notice, scheme="Splunk")
        self._aborted = threading.Event()
        self.close = self._client.close

    def send(self, batch: Batch) -> Outcome:
        entries = chosen(batch, self._settings)
        if not entries:
            return Accepted()
        channel = {"X-Splunk-Request-Channel": str(uuid.uuid5(uuid.NAMESPACE_OID, batch.chain))}
        headers = {"Content-Type": "application/json", **(channel if self._settings.acknowledge else {})}
        body = b"\n".join(json.dumps(self._event(batch, sent)).encode() for sent in entries)
        answer = self._client.post(body, headers, "/services/collector/event")
        if not isinstance(answer, Answer):
            return answer
        if failure := _failure(answer):
            return failure
        if not self._settings.acknowledge:
            return Accepted()
        number = answer.json().get("ackId")
        if not isinstance(number, int):
            return Misconfigured("it gives no ackId: indexer acknowledgement is off for this token")
        return self._acknowledged(number, headers)

    def abort(self) -> None:
        self._aborted.set()
        self._client.abort()

    def _event(self, batch: Batch, sent: Sent) -> dict[str, Any]:
        settings = self._settings
        return {
            "time": round(datetime.fromisoformat(sent.entry["at"]).timestamp(), 6),
            "host": batch.endpoint_id,
            "source": "rollcall",
            "sourcetype": settings.sourcetype,
            **({"index": settings.index} if settings.index else {}),
            "fields": {"rollcall_id": sent.id, "kind": sent.record.get("kind") or "-"},
            "event": sent.entry,
        }

    def _acknowledged(self, number: int, headers: dict[str, str]) -> Outcome:
        deadline, question = time.monotonic() + self._settings.acknowledge_seconds, json.dumps({"acks": [number]})
        while not self._aborted.is_set() and time.monotonic() < deadline:
            answer = self._client.post(question.encode(), headers, "/services/collector/ack")
            if not isinstance(answer, Answer):
                return answer
            if failure := _failure(answer):
                return failure
            acks = answer.json().get("acks")
            if isinstance(acks, dict) and acks.get(str(number)) is True:
                return Accepted()
            self._aborted.wait(_ASK_SECONDS)
        return Retry("the indexers did not acknowledge it in time")


def _failure(answer: Answer) -> Outcome | None:
    code = answer.json().get("code")
    if answer.status == 400 and code not in _BAD_DATA:
        return Misconfigured(f"HTTP 400, code {code}" if isinstance(code, int) else "HTTP 400")
    failure = failure_in(answer)
    return Refused(f"HTTP 400, code {code}") if isinstance(failure, Refused) and answer.status == 400 else failure


TARGET = TargetType(SplunkSettings, SplunkTarget)
