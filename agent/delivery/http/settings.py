"""The settings of a target that is reached over HTTP."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from agent.delivery.http.token import Place
from agent.runtime.hosts import is_loopback
from agent.runtime.settings import Section

_PIN = re.compile(r"sha256/[A-Za-z0-9+/]{43}=")


class HttpSettings(Section):
    """Where it is, how it is trusted, and what shows who sends."""

    url: str
    """Full address; `http` only to this machine."""
    token_file: Path | None = None
    """File that holds the token; it is read again when it changes."""
    token_env: str | None = None
    """Environment variable that holds the token."""
    token_credential: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]{1,128}$")
    """Name of the systemd credential that holds the token."""
    ca_file: Path | None = None
    """PEM file of the only authorities to trust, in place of the public ones."""
    client_cert_file: Path | None = None
    """PEM file of the certificate that this machine shows, and `client_key_file` that of its key; both are read
    again when
    they change."""
    client_key_file: Path | None = None
    pins: tuple[str, ...] = ()
    """Public keys of which the target must have one: `sha256/` and the base64 of the SHA-256 of its
    SubjectPublicKeyInfo; empty: any that the authorities vouch for."""
    proxy: str | None = None
    """Address of an HTTP proxy, in place of those that the environment names."""
    proxy_auth_file: Path | None = None
    """File that holds `user:password` for that proxy."""
    proxy_auth_env: str | None = None
    """Environment variable that holds it."""
    proxy_auth_credential: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]{1,128}$")
    """Name of the systemd credential that holds it."""
    timeout: float = Field(default=30.0, gt=0, le=300)
    """Seconds to wait for each step of a request."""

    @property
    def token(self) -> Place:
        return Place(self.token_file, self.token_env, self.token_credential)

    @property
    def proxy_auth(self) -> Place:
        return Place(self.proxy_auth_file, self.proxy_auth_env, self.proxy_auth_credential)

    @field_validator("url")
    @classmethod
    def _safe_url(cls, url: str) -> str:
        host = _host_of(url)
        scheme = urlsplit(url).scheme if host else ""
        if not host or not (scheme == "https" or (scheme == "http" and is_loopback(host))):
            raise ValueError("must be https://, or http:// to a loopback address")
        if urlsplit(url).query or urlsplit(url).fragment:
            raise ValueError("must have no query and no fragment")
        return url

    @field_validator("proxy")
    @classmethod
    def _usable_proxy(cls, proxy: str | None) -> str | None:
        if proxy and not (_host_of(proxy) and urlsplit(proxy).scheme in ("http", "https")):
            raise ValueError("must be http:// or https://")
        return proxy

    @field_validator("pins")
    @classmethod
    def _usable_pins(cls, pins: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(_PIN.fullmatch, pins)):
            raise ValueError("must each be sha256/ and 32 bytes as base64")
        return pins

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if sum(bool(source) for source in (self.token_file, self.token_env, self.token_credential)) > 1:
            raise ValueError("token_file, token_env and token_credential exclude each other")
        if sum(map(bool, self.proxy_auth)) > (1 if self.proxy else 0):
            raise ValueError("proxy_auth_file, _env and _credential exclude each other, and need proxy")
        if self.client_key_file and not self.client_cert_file:
            raise ValueError("client_key_file needs client_cert_file")
        return self


def _host_of(url: str) -> str:
    """The host that an address names. Raises `ValueError` for one that holds credentials, or a port that is none."""
    parts = urlsplit(url)
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("must have a number as its port") from None
    if "@" in parts.netloc:
        raise ValueError("must not contain credentials; use a token")
    return parts.hostname or ""
