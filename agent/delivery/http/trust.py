"""Whom a target is trusted to be, and with which certificate this machine shows itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from agent.delivery.http.failures import reason_of
from agent.runtime.error import RollcallError

if TYPE_CHECKING:
    import ssl


class TrustError(RollcallError):
    """A file that TLS needs cannot be used; the message names its setting."""


class TlsSettings(Protocol):
    """The files that TLS needs."""

    @property
    def ca_file(self) -> Path | None: ...
    @property
    def client_cert_file(self) -> Path | None: ...
    @property
    def client_key_file(self) -> Path | None: ...


class TrustFiles:
    """Authorities, certificate and key, as they lie there now: a renewed certificate needs no restart."""

    def __init__(self, settings: TlsSettings) -> None:
        self._settings = settings
        self._seen: tuple[object, ...] | None = None

    def changed(self) -> bool:
        """Whether a file is another one than at the last call."""
        files = (self._settings.ca_file, self._settings.client_cert_file, self._settings.client_key_file)
        seen = tuple(_state(path) for path in files)
        before, self._seen = self._seen, seen
        return before is not None and before != seen

    def context(self) -> ssl.SSLContext:
        """TLS 1.2 or newer, to a target that shows a certificate for its name. Raises `TrustError`."""
        import ssl

        ca_file, certificate = self._settings.ca_file, self._settings.client_cert_file
        try:
            context = ssl.create_default_context(cafile=str(ca_file)) if ca_file else _public()
        except OSError as error:
            raise TrustError(f"ca_file: {reason_of(error)}") from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate:
            key = self._settings.client_key_file
            try:
                context.load_cert_chain(str(certificate), str(key) if key else None)
            except OSError as error:
                raise TrustError(f"client_cert_file or client_key_file: {reason_of(error)}") from None
        return context


def _public() -> ssl.SSLContext:
    import httpx

    return httpx.create_ssl_context()


def _state(path: Path | None) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path) if path else None
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino) if status else None
