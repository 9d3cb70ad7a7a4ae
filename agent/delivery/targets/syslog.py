"""Syslog: RFC 5424 messages over TLS, framed as RFC 5425 says."""

from __future__ import annotations

import errno
import os
import select
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from agent.delivery.batch import Batch
from agent.delivery.contract import Accepted, Misconfigured, Notice, Outcome, Retry, TargetType
from agent.delivery.filter import Sent, chosen
from agent.delivery.http.failures import reason_of
from agent.delivery.http.trust import TrustError, TrustFiles
from agent.delivery.settings import FilteredSettings
from agent.runtime.hosts import is_loopback

_LEVELS = {"critical": 2, "high": 3, "medium": 4, "low": 5, "info": 6}
_VERDICT_SECONDS = 1.0
_UNSENT = 0x5411
"""SIOCOUTQ of Linux: bytes that the other end's system has not confirmed."""


class SyslogSettings(FilteredSettings):
    """Where the syslog server is, and how it is trusted."""

    type: Literal["syslog"] = "syslog"
    host: str
    """Name or address of the server, as its certificate has it."""
    port: int = Field(default=6514, ge=1, le=65535)
    tls: bool = True
    """False: in clear text, which is for this machine only."""
    ca_file: Path | None = None
    """PEM file of the only authorities to trust, in place of the public ones."""
    client_cert_file: Path | None = None
    """PEM file of the certificate that this machine shows, and `client_key_file` that of its key."""
    client_key_file: Path | None = None
    facility: int = Field(default=13, ge=0, le=23)
    """Number of the facility; 13 is log audit."""
    timeout: float = Field(default=30.0, gt=0, le=300)
    """Seconds to wait for each step."""

    @model_validator(mode="after")
    def _never_in_the_clear(self) -> Self:
        if not self.tls and not is_loopback(self.host):
            raise ValueError("tls may only be off to a loopback address")
        return self


class SyslogTarget:
    """Keeps one connection. Syslog confirms nothing: an entry counts as delivered once the system of the other end has
    all of it, and the connection still stands."""

    def __init__(self, settings: SyslogSettings, on_notice: Notice) -> None:
        self.name = settings.name
        self._settings = settings
        self._trust = TrustFiles(settings)
        self._connection: socket.socket | None = None
        self._aborted = threading.Event()

    def send(self, batch: Batch) -> Outcome:
        entries = chosen(batch, self._settings)
        if not entries:
            return Accepted()
        try:
            if self._trust.changed():
                self.close()
            self._connection = self._connection or self._connect()
            _demand_alive(self._connection)
            self._connection.sendall(b"".join(map(self._frame, entries)))
            self._wait_until_taken(self._connection)
        except TrustError as error:
            return Misconfigured(str(error))
        except OSError as error:
            self.close()
            return Retry(reason_of(error))
        return Accepted()

    def abort(self) -> None:
        self._aborted.set()
        if self._connection is not None:
            with suppress(OSError):
                socket.socket.shutdown(self._connection, socket.SHUT_RDWR)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> socket.socket:
        settings = self._settings
        plain = socket.create_connection((settings.host, settings.port), min(settings.timeout, 10.0))
        plain.settimeout(settings.timeout)
        if not settings.tls:
            return plain
        try:
            connection = self._trust.context().wrap_socket(plain, server_hostname=settings.host)
            # Of a refused certificate TLS 1.3 tells only after the handshake, as it does of its tickets else.
            select.select([connection], [], [], _VERDICT_SECONDS)
            _demand_alive(connection)
            return connection
        except (OSError, TrustError):
            plain.close()
            raise

    def _frame(self, sent: Sent) -> bytes:
        record = sent.record
        level = _LEVELS[record.get("severity", "info")] if record.get("kind") == "finding" else _LEVELS["info"]
        host = record.get("endpoint_id") or "-"
        facts = f'chain="{sent.entry["chain"]}" seq="{sent.seq}" kind="{record.get("kind", "-")}"'
        head = f"<{self._settings.facility * 8 + level}>1 {sent.entry['at']} {host} rollcall - {sent.entry['op']}"
        message = f"{head} [rollcall@32473 {facts}] ".encode() + sent.line
        return b"%d %s" % (len(message), message)

    def _wait_until_taken(self, connection: socket.socket) -> None:
        """Raises `OSError` where the other end does not confirm all that was sent, or says that it refuses."""
        deadline = time.monotonic() + self._settings.timeout
        while _unconfirmed(connection):
            if self._aborted.is_set() or time.monotonic() > deadline:
                raise TimeoutError
            self._aborted.wait(0.005)
        _demand_alive(connection)


def _unconfirmed(connection: socket.socket) -> int:
    if sys.platform != "linux":
        return 0
    import fcntl

    return int.from_bytes(fcntl.ioctl(connection.fileno(), _UNSENT, b"\0" * 4), sys.byteorder)


def _demand_alive(connection: socket.socket) -> None:
    """Raises `OSError` for a connection that the other end has closed: a syslog server never says anything else."""
    import ssl

    timeout = connection.gettimeout()
    connection.settimeout(0)
    try:
        if not connection.recv(1):
            raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
    except (BlockingIOError, ssl.SSLWantReadError):
        return
    finally:
        connection.settimeout(timeout)


TARGET = TargetType(SyslogSettings, SyslogTarget)
