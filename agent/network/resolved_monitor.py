"""What systemd-resolved answers to the programs of this machine, over varlink. Only root may listen."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import socket
from collections.abc import Iterator, Mapping
from typing import Any

from agent.runtime.error import RollcallError

SOCKET = "/run/systemd/resolve/io.systemd.Resolve.Monitor"
_INTERFACE = "io.systemd.Resolve.Monitor"
_MAX_MESSAGE = 32 * 1024 * 1024
"""A dump of full caches on every link is some MB."""
_REPLY_SECONDS = 10.0
_MAX_ALIASES = 16
_CNAME = 5

Answer = tuple[str, tuple[str, ...]]
"""A host as it was asked for, and its addresses."""


class MonitorError(RollcallError):
    """The service is not there, refuses, or speaks otherwise than agreed."""


class ResolvedMonitor:
    """One subscription; `close` from another thread ends it."""

    def __init__(self, path: str = SOCKET) -> None:
        """Connect and subscribe. Raises `MonitorError`."""
        self._path = path
        self._socket = _connect(path)
        self._socket.settimeout(_REPLY_SECONDS)
        self._replies = _call(self._socket, f"{_INTERFACE}.SubscribeQueryResults", more=True)
        try:
            # Everything asked after this first reply is told; what was asked before stands in the cache.
            if next(self._replies, None) is None:
                raise MonitorError("no answer")
        except MonitorError:
            self._socket.close()
            raise
        self._socket.settimeout(None)

    def cached(self) -> Iterator[Answer]:
        """What the resolver still holds. Raises `MonitorError`."""
        with _connect(self._path) as connection:
            connection.settimeout(_REPLY_SECONDS)
            for reply in _call(connection, f"{_INTERFACE}.DumpCache"):
                for scope in _maps(reply.get("dump")):
                    yield from _from_cache(scope)

    def answers(self) -> Iterator[Answer]:
        """Each successful answer as it is given, until the service or `close` ends it."""
        for reply in self._replies:
            found = _from_result(reply)
            if found:
                yield found

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def _connect(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(path)
    except OSError as error:
        connection.close()
        raise MonitorError(f"{path}: {error.strerror}") from None
    return connection


def _call(connection: socket.socket, method: str, more: bool = False) -> Iterator[Mapping[str, Any]]:
    """Parameters of the replies: JSON, each ended by a NUL byte. Raises `MonitorError`."""
    request = {"method": method, "parameters": {}, **({"more": True} if more else {})}
    buffer = bytearray()
    try:
        connection.sendall(json.dumps(request).encode() + b"\0")
        while True:
            end = buffer.find(b"\0")
            if end >= 0:
                message = _message(bytes(buffer[:end]))
                del buffer[: end + 1]
                yield message.get("parameters") or {}
                if not message.get("continues"):
                    return
                continue
            chunk = connection.recv(65_536)
            if not chunk or len(buffer) > _MAX_MESSAGE:
                return
            buffer += chunk
    except (OSError, ValueError) as error:
        raise MonitorError(f"{method}: {type(error).__name__}") from None


def _message(data: bytes) -> Mapping[str, Any]:
    try:
        message = json.loads(data)
    except RecursionError:
        raise ValueError from None
    if not isinstance(message, dict):
        raise ValueError
    if message.get("error"):
        raise MonitorError(str(message["error"])[:200])
    return message


def _from_result(reply: Mapping[str, Any]) -> Answer | None:
    """With aliases on the way the resolver asks on; the first of the collected questions is the program's own."""
    asked = [*_maps(reply.get("collectedQuestions")), *_maps(reply.get("question"))]
    records = [record for item in _maps(reply.get("answer")) for record in _maps([item.get("rr")])]
    addresses = tuple(address for record in records if (address := _address(record)))
    name = asked[0].get("name") if asked else None
    return (name, addresses) if isinstance(name, str) and addresses else None


def _from_cache(scope: Mapping[str, Any]) -> Iterator[Answer]:
    """The addresses of each name, and of each alias that leads to it."""
    addresses: dict[str, list[str]] = {}
    aliases: dict[str, str] = {}
    for entry in _maps(scope.get("cache")):
        for item in _maps(entry.get("rrs")):
            for record in _maps([item.get("rr")]):
                key = record.get("key")
                name = key.get("name") if isinstance(key, dict) else None
                if isinstance(name, str) and (address := _address(record)):
                    addresses.setdefault(name, []).append(address)
                elif isinstance(name, str) and isinstance(key, dict) and key.get("type") == _CNAME:
                    aliases[name] = str(record.get("name"))
    for alias in aliases:
        target = alias
        for _ in range(_MAX_ALIASES):
            target = aliases.get(target, target)
        addresses.setdefault(alias, []).extend(addresses.get(target, ()))
    yield from ((name, tuple(found)) for name, found in addresses.items() if found)


def _address(record: Mapping[str, Any]) -> str | None:
    octets = record.get("address")
    try:
        return str(ipaddress.ip_address(bytes(octets))) if isinstance(octets, list) else None
    except (ValueError, TypeError):
        return None


def _maps(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
