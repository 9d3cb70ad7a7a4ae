"""The native target: NDJSON batches over HTTPS, as docs/protocol.md describes them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import field_validator

from agent.delivery.batch import Batch
from agent.delivery.contract import (
    Accepted,
    Misconfigured,
    Notice,
    Outcome,
    Retry,
    Rewind,
    TargetType,
    ignore,
)
from agent.delivery.http.client import Answer, HttpClient
from agent.delivery.http.outcomes import failure_in
from agent.delivery.http.settings import HttpSettings
from agent.delivery.settings import TargetSettings
from agent.journal.receipts import Receipt
from agent.journal.signing import PublicKey
from agent.records.base import SCHEMA

_UNKNOWN_CREDENTIAL = 401
_KNOWN = 409
_OUT_OF_PLACE = 412


def encode(batch: Batch) -> bytes:
    """The body before compression; the same bytes in every attempt."""
    header = {
        "kind": "batch",
        "schema": SCHEMA,
        "batch_id": batch.batch_id,
        "endpoint_id": batch.endpoint_id,
        "chain": batch.chain,
        "follows": batch.follows,
        "first_seq": batch.first_seq,
        "last_seq": batch.last_seq,
        "count": len(batch.lines),
        "prev_hash": batch.prev_hash,
        "head_hash": batch.head_hash,
    }
    return b"\n".join((json.dumps(header, separators=(",", ":")).encode(), *batch.lines, b""))


class RollcallSettings(HttpSettings, TargetSettings):
    """A central collector that takes the whole journal."""

    type: Literal["rollcall"] = "rollcall"
    enroll_url: str | None = None
    """Where a credential of this endpoint's own is had; then no token is configured."""
    enroll_secret_file: Path | None = None
    """File that holds the fleet's secret for it."""
    receipt_key: str = ""
    """Ed25519 public key, base64, that must sign the receipts of this target; empty: they need no signature."""

    @field_validator("receipt_key")
    @classmethod
    def _usable_key(cls, key: str) -> str:
        if key:
            try:
                PublicKey.parse(key)
            except ValueError:
                raise ValueError("must be an Ed25519 public key, 32 bytes as base64") from None
        return key


class RollcallHttp:
    """Posts batches; what the answers mean stands in docs/protocol.md."""

    def __init__(self, settings: RollcallSettings, on_notice: Notice = ignore) -> None:
        self.name = settings.name
        self._client = HttpClient(settings, on_notice)
        self.abort, self.close = self._client.abort, self._client.close

    def send(self, batch: Batch) -> Outcome:
        headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": batch.batch_id}
        answer = self._client.post(encode(batch), headers)
        return self._outcome(batch, answer) if isinstance(answer, Answer) else answer

    def _outcome(self, batch: Batch, answer: Answer) -> Outcome:
        status, told = answer.status, answer.json()
        if status == _KNOWN:
            return Accepted()
        if 200 <= status < 300:
            accepted = told.get("accepted")
            if isinstance(accepted, int) and accepted < len(batch.lines):
                return Retry(f"HTTP {status}, but fewer entries acknowledged than sent")
            return Accepted(_receipt(self.name, told))
        if status == _OUT_OF_PLACE:
            expected = told.get("expected_seq")
            if isinstance(expected, int) and 1 <= expected < batch.first_seq:
                return Rewind(expected, f"HTTP {status}: earlier entries are missing there")
            return Misconfigured(f"HTTP {status}: the collector holds other entries of this chain")
        if status == _UNKNOWN_CREDENTIAL and told.get("error") == "credential_invalid":
            return Misconfigured(f"HTTP {status}: the credential is no longer valid", credential_invalid=True)
        return failure_in(answer) or Accepted()


TARGET = TargetType(RollcallSettings, RollcallHttp)


def _receipt(target: str, answer: dict[str, Any]) -> Receipt | None:
    """What the target says that it holds; None where it says nothing, or what is no receipt."""
    try:
        signature = answer.get("signature")
        head, at = bytes.fromhex(answer["head_hash"]), str(datetime.fromisoformat(answer["at"]) and answer["at"])
        seq = int(answer["head_seq"])
        return Receipt(target, seq, head, at, str(signature) if signature else None) if seq >= 0 else None
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
