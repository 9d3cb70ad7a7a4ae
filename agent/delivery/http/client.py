"""The one way over HTTP to a target: one connection, one request at a time, with bounds on all that comes back."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from agent import __version__
from agent.delivery.contract import Misconfigured, Notice, Retry
from agent.delivery.http.abort import ConnectionAborter
from agent.delivery.http.failures import reason_of
from agent.delivery.http.pins import PinError
from agent.delivery.http.settings import HttpSettings
from agent.delivery.http.token import Token, TokenError
from agent.delivery.http.trust import TrustError, TrustFiles

if TYPE_CHECKING:
    import httpx

_LONGEST_WAIT = 3600.0
_ANSWER_BYTES = 65_536
_WAITS = 3
"""Whole time of a request, in times of what one wait may take."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a target answered."""

    status: int
    body: bytes
    """Empty where it was longer than it may be, or did not end in time."""
    retry_after: float | None
    """Seconds that it asked to wait."""

    def json(self) -> dict[str, Any]:
        """The JSON object in it, or nothing."""
        try:
            answer = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return answer if isinstance(answer, dict) else {}


class HttpClient:
    """Posts over one reused connection. httpx is imported with the first request."""

    def __init__(
        self, settings: HttpSettings, on_notice: Notice, scheme: str = "Bearer", answer_bytes: int = _ANSWER_BYTES
    ) -> None:
        """`scheme` stands before the token in the header `Authorization`."""
        self._settings = settings
        self._scheme = scheme
        self._answer_bytes = answer_bytes
        self._token = Token(settings.token, on_notice)
        self._proxy_auth = Token(settings.proxy_auth, on_notice)
        self._trust = TrustFiles(settings)
        self._lifeline = ConnectionAborter(settings.pins)
        self._client: httpx.Client | None = None

    def post(self, body: bytes, headers: Mapping[str, str], path: str = "") -> Answer | Retry | Misconfigured:
        """Post to the address of the settings, or to a path below it. `body` is sent compressed."""
        import gzip

        import httpx

        try:
            token = self._token.value()
            client = self._connected()
        except (TokenError, TrustError) as error:
            return Misconfigured(str(error))
        named = {**self._headers(token), **headers}
        url = self._settings.url.rstrip("/") + path if path else self._settings.url
        packed = gzip.compress(body, 6, mtime=0)
        extensions = {"trace": self._lifeline.watch}
        try:
            with (
                self._lifeline.within(_WAITS * self._settings.timeout),
                client.stream("POST", url, content=packed, headers=named, extensions=extensions) as response,
            ):
                return self._answer(response)
        except (httpx.InvalidURL, UnicodeError):
            return Misconfigured("the url cannot be used")
        except PinError as error:
            return Misconfigured(str(error))
        except (httpx.HTTPError, OSError) as error:
            return Retry("its answer does not end" if self._lifeline.expired else reason_of(error))

    def abort(self) -> None:
        """Ends a request under way within milliseconds; what it carried is sent again next time."""
        self._lifeline.cut()

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connected(self) -> httpx.Client:
        if self._trust.changed():
            self.close()
        self._client = self._client or self._connect()
        return self._client

    def _connect(self) -> httpx.Client:
        import httpx

        # Plain http is for this machine only: a proxy would take token and inventory elsewhere.
        leaves = urlsplit(self._settings.url).scheme == "https"
        return httpx.Client(
            timeout=httpx.Timeout(self._settings.timeout, connect=min(self._settings.timeout, 10.0)),
            verify=self._trust.context(),
            follow_redirects=False,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=60.0),
            proxy=self._proxy() if leaves else None,
            trust_env=leaves,
        )

    def _proxy(self) -> httpx.Proxy | None:
        """Raises `TokenError`."""
        import httpx

        if not self._settings.proxy:
            return None
        user, colon, password = (self._proxy_auth.value() or "").partition(":")
        return httpx.Proxy(self._settings.proxy, auth=(user, password) if colon else None)

    def _headers(self, token: str | None) -> dict[str, str]:
        return {
            "Content-Encoding": "gzip",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"rollcall/{__version__}",
            # Not in the body, which must not differ between attempts.
            "Rollcall-Sent-At": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            **({"Authorization": f"{self._scheme} {token}"} if token else {}),
        }

    def _answer(self, response: httpx.Response) -> Answer:
        body = _bounded(response, self._answer_bytes, self._settings.timeout)
        if response.status_code in (401, 403):
            self._token.forget()
        return Answer(response.status_code, body, retry_after(response.headers.get("Retry-After")))


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


def _bounded(response: httpx.Response, most: int, seconds: float) -> bytes:
    """The body as it came, never unpacked: we asked for it plain."""
    text, deadline = b"", time.monotonic() + seconds
    for chunk in response.iter_raw():
        text += chunk
        if len(text) > most or time.monotonic() > deadline:
            return b""
    return text
