"""A small real receiver of the protocol in docs/protocol.md, for tests and trials.

    python -m tests.receivers.rollcall_receiver --port 8443 --db inventory.db --cert c.pem --key k.pem --token SECRET

With `--faults` a test may `POST /control/faults` a list of faults, each used up by one batch:
`{"status": 503, "retry_after": "1"}`, `{"drop": "before"|"after"}` the commit, `{"slow": seconds}`, `{"poison": text}`
(kept: answers 422 to every batch that contains the text), `{"clear": true}`.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import ssl
import zlib
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

if __package__:
    from tests.receivers.devices import Devices
    from tests.receivers.rollcall_store import Rejected, Store
else:
    from devices import Devices
    from rollcall_store import Rejected, Store

MAX_BODY = 1_000_000


class _Droppable(H11Protocol):
    """Lets a fault cut the connection, as a dying server would."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # only ever by TCP
        shown = transport.get_extra_info("peercert")
        self.app_state = {**self.app_state, "transport": transport, "certificate": shown}
        super().connection_made(transport)


class Receiver:
    """The HTTP face of a `Store`."""

    def __init__(
        self, store: Store, token: str | None, faults: bool, devices: Devices | None = None, secret: str | None = None,
        certificates: bool = False,
    ) -> None:  # fmt: skip
        """`secret` is what a fleet enrolls with; then each device has a token of its own beside `token`, and with
        `certificates` must show the certificate that it got."""
        self._certificates = certificates
        self._devices, self._secret = devices, secret
        self._store = store
        self._token = token
        self._faults: list[dict[str, Any]] = []
        self._poison: list[bytes] = []
        self.posts = 0
        routes = [
            Route("/v1/batches", self.post_batch, methods=["POST"]),
            Route("/v1/enroll", self.post_enrolment, methods=["POST"]),
            Route("/v1/agents", self.get_agents),
            Route("/v1/servers", self.get_servers),
            Route("/v1/endpoints", self.get_endpoints),
            Route("/v1/entries", self.get_entries),
        ]
        if faults:
            routes.append(Route("/control/faults", self.post_faults, methods=["POST"]))
        self.app = Starlette(routes=routes)

    async def post_batch(self, request: Request) -> Response:
        self.posts += 1
        device = self._device(request)
        if device is None and not self._allowed(request):
            return JSONResponse({"error": "credential_invalid" if self._secret else "token"}, 401)
        if self._certificates and device and not _shows(request, device):
            return JSONResponse({"error": "certificate"}, 403)
        fault = self._faults.pop(0) if self._faults else {}
        body = await _body(request)
        if body is None or len(body) > MAX_BODY:
            return JSONResponse({"error": "size"}, 400 if body is None else 413)
        await asyncio.sleep(fault.get("slow", 0))
        if fault.get("drop") == "before":
            request.scope["state"]["transport"].abort()
        if "status" in fault:
            headers = {"Retry-After": fault["retry_after"]} if "retry_after" in fault else {}
            return JSONResponse({"error": "fault"}, fault["status"], headers)
        if any(word in body for word in self._poison) or fault.get("drop") == "before":
            return JSONResponse({"error": "poison"}, 422)
        try:
            key = request.headers.get("Idempotency-Key", "")
            answer = await run_in_threadpool(self._store.accept, body, key, device)
        except Rejected as rejected:
            if device and self._devices and rejected.answer.get("error") == "fork":
                self._devices.revoke(device)
                return JSONResponse({"error": "credential_invalid"}, 401)
            return JSONResponse(rejected.answer, rejected.status)
        if fault.get("drop") == "after":
            request.scope["state"]["transport"].abort()
        return JSONResponse(answer)

    async def post_enrolment(self, request: Request) -> Response:
        sent = request.headers.get("Authorization", "")
        if not (self._secret and self._devices and hmac.compare_digest(sent, f"Bearer {self._secret}")):
            return JSONResponse({"error": "secret"}, 401)
        try:
            return JSONResponse(await run_in_threadpool(self._devices.enroll, await _body(request) or b""))
        except Rejected as rejected:
            return JSONResponse(rejected.answer, rejected.status)

    def _device(self, request: Request) -> str | None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return self._devices.device_of(token) if self._devices else None

    async def get_agents(self, request: Request) -> Response:
        return await self._records(request, "ai_agent")

    async def get_servers(self, request: Request) -> Response:
        return await self._records(request, "mcp_server")

    async def get_endpoints(self, request: Request) -> Response:
        if not self._allowed(request):
            return JSONResponse({"error": "token"}, 401)
        return JSONResponse(await run_in_threadpool(self._store.endpoints))

    async def get_entries(self, request: Request) -> Response:
        if not self._allowed(request):
            return JSONResponse({"error": "token"}, 401)
        query = request.query_params
        after, limit = int(query.get("after", 0)), min(int(query.get("limit", 10_000)), 100_000)
        lines = await run_in_threadpool(self._store.entries, query.get("chain"), after, limit)
        return PlainTextResponse(b"".join(line + b"\n" for line in lines), media_type="application/x-ndjson")

    async def post_faults(self, request: Request) -> Response:
        for fault in await request.json():
            if "poison" in fault:
                self._poison.append(fault["poison"].encode())
            elif fault.get("clear"):
                self._faults.clear()
                self._poison.clear()
            else:
                self._faults.append(fault)
        return JSONResponse({"posts": self.posts, "faults": len(self._faults)})

    async def _records(self, request: Request, kind: str) -> Response:
        if not self._allowed(request):
            return JSONResponse({"error": "token"}, 401)
        query = request.query_params
        records = await run_in_threadpool(self._store.inventory, kind, query.get("endpoint"), query.get("owner"))
        return JSONResponse(records)

    def _allowed(self, request: Request) -> bool:
        sent = request.headers.get("Authorization", "")
        return self._token is None or hmac.compare_digest(sent.encode(), f"Bearer {self._token}".encode())


def _shows(request: Request, device: str) -> bool:
    """Whether it came over a connection with the certificate of this device."""
    certificate = request.scope["state"]["certificate"] or {}
    return ((("commonName", device),),) == certificate.get("subject")


async def _body(request: Request) -> bytes | None:
    """The body, unpacked to at most one byte more than is allowed; None when it is no gzip."""
    packed = b""
    async for chunk in request.stream():
        packed += chunk
        if len(packed) > MAX_BODY:
            return packed
    if request.headers.get("Content-Encoding") != "gzip":
        return packed
    try:
        return zlib.decompressobj(31).decompress(packed, MAX_BODY + 1)
    except zlib.error:
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8443)
    parser.add_argument("--db", required=True, help="a file, or postgresql://…")
    parser.add_argument("--cert", help="PEM certificate chain; plain HTTP without it")
    parser.add_argument("--key")
    parser.add_argument("--token")
    parser.add_argument("--enroll-secret", help="enroll devices that show it, each with a token of its own")
    parser.add_argument("--client-ca", help="PEM of an authority, with its key, that gives devices certificates")
    parser.add_argument("--faults", action="store_true")
    options = parser.parse_args()
    store = Store(options.db)
    devices = Devices(options.db, store, options.client_ca) if options.enroll_secret else None
    certificates = bool(options.client_ca)
    receiver = Receiver(store, options.token, options.faults, devices, options.enroll_secret, certificates)
    uvicorn.run(
        receiver.app, host=options.host, port=options.port, ssl_certfile=options.cert, ssl_keyfile=options.key,
        ssl_ca_certs=options.client_ca, ssl_cert_reqs=ssl.CERT_OPTIONAL if certificates else ssl.CERT_NONE,
        http=_Droppable, ws="none", log_level="warning", timeout_graceful_shutdown=2,
    )  # fmt: skip


if __name__ == "__main__":
    main()
