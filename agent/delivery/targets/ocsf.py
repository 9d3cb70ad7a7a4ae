"""OCSF: events of the Open Cybersecurity Schema Framework as NDJSON over HTTPS."""

from __future__ import annotations

import json
from typing import Any, Literal

from agent import __version__
from agent.delivery.batch import Batch
from agent.delivery.contract import Accepted, Notice, Outcome, TargetType
from agent.delivery.filter import Sent, chosen
from agent.delivery.http.client import Answer, HttpClient
from agent.delivery.http.outcomes import failure_in
from agent.delivery.http.settings import HttpSettings
from agent.delivery.settings import FilteredSettings
from agent.records.ocsf import Teller, event


class OcsfSettings(HttpSettings, FilteredSettings):
    """Whoever takes OCSF events as NDJSON by POST: Vector, Cribl, an HTTP source of a data lake."""

    type: Literal["ocsf"] = "ocsf"


class OcsfTarget:
    """An event for each entry; `metadata.uid` is the same in every attempt."""

    def __init__(self, settings: OcsfSettings, on_notice: Notice) -> None:
        self.name = settings.name
        self._settings = settings
        self._client = HttpClient(settings, on_notice)
        self.abort, self.close = self._client.abort, self._client.close

    def send(self, batch: Batch) -> Outcome:
        entries = chosen(batch, self._settings)
        if not entries:
            return Accepted()
        lines = [json.dumps(_event(batch.endpoint_id, sent), separators=(",", ":")) for sent in entries]
        headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": batch.batch_id}
        answer = self._client.post("\n".join([*lines, ""]).encode(), headers)
        return (failure_in(answer) or Accepted()) if isinstance(answer, Answer) else answer


def _event(endpoint_id: str, sent: Sent) -> dict[str, Any]:
    """The entry as an event, with what tells it from every other and where in the chain it stands."""
    entry, by = sent.entry, Teller(endpoint_id, __version__)
    # A marker has no id, and of an action what is as in the one before is left out.
    record = {"kind": entry["op"], "id": sent.id, "endpoint_id": endpoint_id, **sent.record}
    try:
        found = event(record, by, entry["op"], entry["at"])
    except (KeyError, ValueError, TypeError):
        # Of another version, or a plug-in's: what it is about stands under `unmapped`.
        found = event({**record, "kind": "other"}, by, entry["op"], entry["at"])
    placed = {"uid": sent.id, "sequence": sent.seq, "log_name": entry["chain"]}
    return {**found, "metadata": {**found["metadata"], **placed}, "unmapped": {"rollcall": entry}}


TARGET = TargetType(OcsfSettings, OcsfTarget)
