"""The settings of one delivery target."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from agent.journal.signing import PublicKey
from agent.runtime.hosts import is_loopback
from agent.runtime.settings import Section


class TargetSettings(Section):
    """One central collector."""

    name: str = Field(default="central", pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")
    """Names the durable cursor: a renamed target starts again from the first entry."""
    type: Literal["rollcall"] = "rollcall"
    url: str
    """Full address that batches are posted to; `http` only to this machine."""
    token_file: Path | None = None
    """File that holds the bearer token; it is read again when it changes."""
    token_env: str | None = None
    """Environment variable that holds the bearer token."""
    ca_file: Path | None = None
    """PEM file of the only authorities to trust, in place of the public ones."""
    timeout: float = Field(default=30.0, gt=0, le=300)
    """Seconds to wait for each step of a request."""
    max_records: int = Field(default=500, ge=1, le=500)
    max_bytes: int = Field(default=900_000, ge=10_000, le=900_000)
    """Size of one batch before compression."""
    backoff_cap: float = Field(default=300.0, gt=0, le=3600)
    """Longest pause between two attempts, in seconds, unless the target asks for more."""

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

    @field_validator("url")
    @classmethod
    def _safe_url(cls, url: str) -> str:
        parts = urlsplit(url)
        try:
            _ = parts.port
        except ValueError:
            raise ValueError("must have a number as its port") from None
        if "@" in parts.netloc:
            raise ValueError("must not contain credentials; use token_file or token_env")
        host = parts.hostname or ""
        if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
            raise ValueError("must be https://, or http:// to a loopback address")
        if parts.query or parts.fragment:
            raise ValueError("must have no query and no fragment")
        return url

    @model_validator(mode="after")
    def _one_token(self) -> Self:
        if self.token_file and self.token_env:
            raise ValueError("token_file and token_env exclude each other")
        return self
