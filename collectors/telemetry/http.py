"""One HTTP request from a local sender, bounded in time and size, and its answer."""

from __future__ import annotations

import socket
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass

import h11

_SECONDS = 3.0
_MOST_HEAD = 16 * 1024
_MOST_BODY = 4 << 20
"""Bytes of a request, after decompression too."""
_HOSTS = {b"127.0.0.1", b"localhost"}
_TYPES = {b"application/json": True, b"application/x-protobuf": False}


class RefusedError(Exception):
    """The request is answered with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Posted:
    """A request that was read whole."""

    path: str
    body: bytes
    is_json: bool


class Exchange:
    """One connection: a request, then one answer."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_MOST_HEAD)
        self._deadline = time.monotonic() + _SECONDS
        self.is_json = True

    def read(self) -> Posted:
        """The request. Raises `RefusedError` and `OSError`."""
        try:
            request = self._next()
            if not isinstance(request, h11.Request):
                raise RefusedError(400)
            headers = dict(request.headers)
            self._check(request, headers)
            body = bytearray()
            while isinstance(event := self._next(), h11.Data):
                body += event.data
                if len(body) > _MOST_BODY:
                    raise RefusedError(413)
        except h11.RemoteProtocolError as error:
            raise RefusedError(400) from error
        return Posted(request.target.decode("ascii"), _plain(bytes(body), headers), self.is_json)

    def _check(self, request: h11.Request, headers: dict[bytes, bytes]) -> None:
        # A page in a browser may post here too, but neither with this type nor under another name of this machine.
        if headers.get(b"host", b"").partition(b":")[0].lower() not in _HOSTS:
            raise RefusedError(403)
        if request.method != b"POST":
            raise RefusedError(405)
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if kind not in _TYPES:
            raise RefusedError(415)
        self.is_json = _TYPES[kind]
        if self._http.they_are_waiting_for_100_continue:
            self._socket.sendall(self._http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")

    def _next(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise RefusedError(408)
            self._socket.settimeout(left)
            try:
                self._http.receive_data(self._socket.recv(1 << 16))
            except TimeoutError as error:
                raise RefusedError(408) from error
        return event

    def answer(self, status: int) -> None:
        """Answer and end; whether it arrives is the sender's concern, who would send again."""
        body = b"{}" if self.is_json and status == 200 else b""
        kind = b"application/json" if self.is_json else b"application/x-protobuf"
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
        if status == 503:
            headers.append((b"retry-after", b"5"))
        with self._socket, suppress(OSError, h11.LocalProtocolError):
            self._socket.setblocking(False)
            response = self._http.send(h11.Response(status_code=status, headers=headers)) or b""
            self._socket.send(response + (self._http.send(h11.Data(data=body)) or b""))


def _plain(body: bytes, headers: dict[bytes, bytes]) -> bytes:
    encoding = headers.get(b"content-encoding", b"identity").strip().lower()
    if encoding in (b"identity", b""):
        return body
    if encoding != b"gzip":
        raise RefusedError(415)
    stream = zlib.decompressobj(wbits=31)
    try:
        plain = stream.decompress(body, _MOST_BODY + 1)
    except zlib.error as error:
        raise RefusedError(400) from error
    if len(plain) > _MOST_BODY:
        raise RefusedError(413)
    return plain
