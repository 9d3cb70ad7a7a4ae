"""Fetches a policy and checks its signature, as a process of its own that ends with its answer.

It holds what that takes, TLS, HTTP and Ed25519, some 12 MB that the daemon would keep to use them once an hour.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from agent.governance.policy.fetch_messages import MAX_POLICY, MAX_SIGNATURE, Answer, Question
from agent.governance.policy.minisign import PublicKey, Signature, SignatureError, verify
from agent.runtime.error import RollcallError

if TYPE_CHECKING:
    import httpx

_STEP_SECONDS = 10.0
_WHOLE_SECONDS = 15.0
"""For each of the two files, where a server lets a drop fall now and then."""
_AGAIN_SECONDS = 1.0


class _UnreachableError(RollcallError):
    """Nothing came from there; the text says how."""


def answer(question: Question) -> Answer:
    """Fetch if need be, and check. A mismatch may be a publication under way: what is fetched is fetched once more."""
    try:
        if not question.url:
            return _checked(question)
        try:
            return _fetched(question)
        except SignatureError:
            time.sleep(_AGAIN_SECONDS)
            return _fetched(question)
    except SignatureError as error:
        return Answer("refused", str(error))
    except UnicodeDecodeError:
        return Answer("refused", "not UTF-8")
    except _UnreachableError as error:
        return Answer("unreachable", str(error))


def _checked(question: Question, etag: str = "") -> Answer:
    signature = Signature.parse(question.signature)
    key = verify(question.text.encode(), signature, [PublicKey.parse(text) for text in question.keys.split()])
    return Answer(
        "good",
        text=question.text,
        signature=question.signature,
        signed_by=key.name,
        signed_at=signature.signed_at,
        etag=etag,
    )


def _fetched(question: Question) -> Answer:
    import ssl

    import httpx

    try:
        tls = ssl.create_default_context(cafile=question.ca_file) if question.ca_file else True
        # Plain http is for this machine only, where a proxy has no business.
        trust_env = question.url.startswith("https:")
        with httpx.Client(timeout=_STEP_SECONDS, verify=tls, trust_env=trust_env) as client:
            body, etag = _get(client, question.url, MAX_POLICY, question.etag)
            if body is None:
                return Answer("unchanged")
            signature = _signature(client, question.url + ".minisig")
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        raise _UnreachableError(type(error).__name__) from None
    return _checked(Question(question.keys, text=body.decode(), signature=signature), etag)


def _signature(client: httpx.Client, url: str) -> str:
    try:
        body, _ = _get(client, url, MAX_SIGNATURE)
    except _UnreachableError as error:
        if str(error) in ("HTTP 404", "HTTP 410"):
            raise SignatureError("not signed") from None
        raise
    return (body or b"").decode("utf-8", "replace")


def _get(client: httpx.Client, url: str, limit: int, etag: str = "") -> tuple[bytes | None, str]:
    """Body and ETag; no body where it is what is known already. Raises `_UnreachableError`, `SignatureError`."""
    headers = {"Accept-Encoding": "identity", **({"If-None-Match": etag} if etag else {})}
    deadline = time.monotonic() + _WHOLE_SECONDS
    with client.stream("GET", url, headers=headers) as response:
        if etag and response.status_code == 304:
            return None, etag
        if response.status_code != 200:
            raise _UnreachableError(f"HTTP {response.status_code}")
        body = b""
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > limit:
                raise SignatureError(f"larger than {limit} bytes")
            if time.monotonic() > deadline:
                raise _UnreachableError("too slow")
        return body, response.headers.get("ETag", "")[:200]


def main() -> None:
    """A question on standard input, an answer on standard output."""
    try:
        said = answer(Question(**json.load(sys.stdin.buffer)))
    except Exception as error:
        from agent.runtime.logs import place

        # Its text may quote what was fetched.
        said = Answer("unreachable", f"{type(error).__name__} at {place(error.__traceback__)}")
    sys.stdout.buffer.write(json.dumps(asdict(said)).encode())


if __name__ == "__main__":
    main()
