"""The native target: NDJSON batches over HTTPS, as docs/protocol.md describes them."""

from __future__ import annotations

import gzip
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from agent import __version__
from agent.delivery.batch import Batch
from agent.delivery.contract import Accepted, Misconfigured, Notice, Outcome, Refused, Retry, Rewind, ignore
from agent.delivery.http.abort import ConnectionAborter
from agent.delivery.http.failures import reason_of
from agent.delivery.http.token import Token, TokenError
from agent.delivery.settings import TargetSettings
from agent.journal.receipts import Receipt
from agent.records.base import SCHEMA

if TYPE_CHECKING:
    import httpx

_LATER = {408, 425, 429, 500, 502, 503, 504, 507, 508, 509, 529, 599}
_CONTENT = {400, 413, 422}
"""The only answers that may cost an entry its delivery; every other one blames the deployment."""
_KNOWN = 409
_OUT_OF_PLACE = 412
_LONGEST_WAIT = 3600.0
_ANSWER_BYTES = 65_536
_WAITS = 3
"""Whole time of a request, in times of what one wait may take."""


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


class RollcallHttp:
    """Posts batches over one reused connection. httpx is imported with the first of them."""

    def __init__(self, settings: TargetSettings, on_notice: Notice = ignore) -> None:
        self.name = settings.name
        self._settings = settings
        self._token = Token(settings, on_notice)
        self._lifeline = ConnectionAborter()
        self._client: httpx.Client | None = None

    def send(self, batch: Batch) -> Outcome:
        import httpx

        try:
            headers = self._headers(batch)
            client = self._client = self._client or self._connect()
        except TokenError as error:
            return Misconfigured(str(error))
        except OSError as error:
            return Misconfigured(f"ca_file: {reason_of(error)}")
        body = gzip.compress(encode(batch), 6, mtime=0)
        extensions = {"trace": self._lifeline.watch}
        try:
            with (
                self._lifeline.within(_WAITS * self._settings.timeout),
                client.stream(
                    "POST", self._settings.url, content=body, headers=headers, extensions=extensions
                ) as response,
            ):
                return self._outcome(batch, response)
        except (httpx.InvalidURL, UnicodeError):
            return Misconfigured("the url cannot be used")
        except (httpx.HTTPError, OSError) as error:
            return Retry("its answer does not end" if self._lifeline.expired else reason_of(error))

    def abort(self) -> None:
        """Ends a request under way within milliseconds; what it carried is sent again next time."""
        self._lifeline.cut()

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connect(self) -> httpx.Client:
        import ssl

        import httpx

        ca_file = self._settings.ca_file
        return httpx.Client(
            timeout=httpx.Timeout(self._settings.timeout, connect=min(self._settings.timeout, 10.0)),
            verify=ssl.create_default_context(cafile=str(ca_file)) if ca_file else True,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=60.0),
            # Plain http is for this machine only: a proxy would take token and inventory elsewhere.
            trust_env=urlsplit(self._settings.url).scheme == "https",
        )

    def _headers(self, batch: Batch) -> dict[str, str]:
        token = self._token.value()
        return {
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Idempotency-Key": batch.batch_id,
            "User-Agent": f"rollcall/{__version__}",
            # Not in the body, which must not differ between attempts.
            "Rollcall-Sent-At": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            **({"Authorization": f"Bearer {token}"} if token else {}),
        }

    def _outcome(self, batch: Batch, response: httpx.Response) -> Outcome:
        status = response.status_code
        answer = _answer(response, self._settings.timeout)
        if status == _KNOWN:
            return Accepted()
        if 200 <= status < 300:
            accepted = answer.get("accepted")
            if isinstance(accepted, int) and accepted < len(batch.lines):
                return Retry(f"HTTP {status}, but fewer entries acknowledged than sent")
            return Accepted(_receipt(self.name, answer))
        if status in _LATER:
            return Retry(f"HTTP {status}", retry_after(response.headers.get("Retry-After")))
        if status in _CONTENT:
            return Refused(f"HTTP {status}")
        if status == _OUT_OF_PLACE:
            expected = answer.get("expected_seq")
            if isinstance(expected, int) and 1 <= expected < batch.first_seq:
                return Rewind(expected, f"HTTP {status}: earlier entries are missing there")
            return Misconfigured(f"HTTP {status}: the collector holds other entries of this chain")
        if status in (401, 403):
            self._token.forget()
        return Misconfigured(f"HTTP {status}")


def retry_after(value: str | None) -> float | None:
    """Seconds named by a `Retry-After` header, as a number or as an HTTP date, at most one hour; else None."""
    if not value:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_WAIT)
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return min(max(moment.timestamp() - time.time(), 0.0), _LONGEST_WAIT)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _receipt(target: str, answer: dict[str, Any]) -> Receipt | None:
    """What the target says that it holds; None where it says nothing, or what is no receipt."""
    try:
        signature = answer.get("signature")
        head, at = bytes.fromhex(answer["head_hash"]), str(datetime.fromisoformat(answer["at"]) and answer["at"])
        return Receipt(target, int(answer["head_seq"]), head, at, str(signature) if signature else None)
    except (KeyError, ValueError, TypeError):
        return None


def _answer(response: httpx.Response, seconds: float) -> dict[str, Any]:
    """The JSON object in a response, or nothing; never more than 64 KB, never longer than `seconds`."""
    text, deadline = b"", time.monotonic() + seconds
    for chunk in response.iter_raw():
        text += chunk
        if len(text) > _ANSWER_BYTES or time.monotonic() > deadline:
            return {}
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}
