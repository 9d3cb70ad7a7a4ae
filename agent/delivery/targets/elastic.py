"""Elasticsearch and OpenSearch: bulk `create` under our own ids, with an answer for each entry."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from pydantic import Field

from agent.delivery.batch import Batch
from agent.delivery.contract import Accepted, Notice, Outcome, PartlyRefused, Refused, Retry, TargetType
from agent.delivery.filter import Sent, chosen
from agent.delivery.http.client import Answer, HttpClient
from agent.delivery.http.outcomes import LATER, failure_in
from agent.delivery.http.settings import HttpSettings
from agent.delivery.settings import FilteredSettings

_ANSWER_BYTES = 1_000_000
_ONLY = "filter_path=items.*.status,items.*.error.type"
_KNOWN = 409
_ERROR = re.compile(r"[a-z_]{1,80}")


class ElasticSettings(HttpSettings, FilteredSettings):
    """A cluster; `url` is its address, without index and `_bulk`."""

    type: Literal["elastic"] = "elastic"
    index: str = Field(default="logs-rollcall-default", pattern=r"^[a-z0-9][a-z0-9._-]{0,200}$")
    """Index or data stream that entries are created in."""
    scheme: Literal["ApiKey", "Bearer", "Basic"] = "ApiKey"
    """What stands before the token in the header `Authorization`."""


class ElasticTarget:
    """A document for each entry; one that exists already is delivered."""

    def __init__(self, settings: ElasticSettings, on_notice: Notice) -> None:
        self.name = settings.name
        self._settings = settings
        self._client = HttpClient(settings, on_notice, settings.scheme, _ANSWER_BYTES)
        self.abort, self.close = self._client.abort, self._client.close

    def send(self, batch: Batch) -> Outcome:
        entries = chosen(batch, self._settings)
        if not entries:
            return Accepted()
        lines = [json.dumps(part) for sent in entries for part in self._action(batch, sent)]
        body = "\n".join([*lines, ""]).encode()
        path = f"/{self._settings.index}/_bulk?{_ONLY}"
        answer = self._client.post(body, {"Content-Type": "application/x-ndjson"}, path)
        if not isinstance(answer, Answer):
            return answer
        return failure_in(answer) or _settled(entries, answer.json())

    def _action(self, batch: Batch, sent: Sent) -> tuple[dict[str, Any], dict[str, Any]]:
        document = {
            "@timestamp": sent.entry["at"],
            "event": {"id": sent.id, "action": sent.entry["op"], "sequence": sent.seq, "module": "rollcall"},
            "host": {"id": batch.endpoint_id},
            "rollcall": sent.entry,
        }
        return {"create": {"_id": sent.id}}, document


def _settled(entries: list[Sent], answer: dict[str, Any]) -> Outcome:
    """The answers stand in the order of the entries."""
    items = answer.get("items")
    if not isinstance(items, list) or len(items) != len(entries):
        return Retry("its answer does not tell of each entry")
    refused: list[tuple[int, str]] = []
    for sent, item in zip(entries, items, strict=True):
        told = item.get("create") if isinstance(item, dict) else None
        told = told if isinstance(told, dict) else {}
        status, error = told.get("status"), told.get("error")
        if not (isinstance(status, int) and 100 <= status < 600):
            return Retry("its answer does not tell of each entry")
        if status in LATER:
            # What it has taken it will know again by the id.
            return Retry(f"HTTP {status} for entry {sent.seq}")
        if not (200 <= status < 300 or status == _KNOWN):
            kind = error.get("type") if isinstance(error, dict) else None
            named = f" {kind}" if isinstance(kind, str) and _ERROR.fullmatch(kind) else ""
            refused.append((sent.seq, f"HTTP {status}{named}"))
    if len(refused) == len(entries):
        # Perhaps it takes nothing at all just now: then no entry is at fault.
        return Refused(refused[0][1])
    return PartlyRefused(tuple(refused)) if refused else Accepted()


TARGET = TargetType(ElasticSettings, ElasticTarget)
