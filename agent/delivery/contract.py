"""The contract between the sender and a delivery target, and the settings of one target."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

if TYPE_CHECKING:
    from agent.delivery.batch import Batch


Notice = Callable[[str, str], None]
"""Called in the sender's thread with a dotted code and a message that holds no secret."""


def ignore(code: str, message: str) -> None:
    """The notice callback of those who do not listen."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The target has the whole batch, durably."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now: the same batch again, after at least `after` seconds where the target named a time."""

    reason: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The content will never be accepted. `splittable`: a smaller batch may show which entry is at fault."""

    reason: str
    splittable: bool = True


@dataclass(frozen=True, slots=True)
class Rewind:
    """The target lacks earlier entries, as after a restore from backup: continue with entry `seq`."""

    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """Nothing is wrong with the batch: credentials, address or deployment are. Retried slowly, never given up."""

    reason: str


Outcome = Accepted | Retry | Refused | Rewind | Misconfigured


class Target(Protocol):
    """Where batches go. `send` and `close` are called from one thread, `abort` from any, also while `send` hangs."""

    name: str

    def send(self, batch: Batch) -> Outcome:
        """Deliver one batch. Sending the same batch again must do no harm."""
        ...

    def abort(self) -> None:
        """Give up what is under way; nothing will be sent any more."""
        ...

    def close(self) -> None:
        """Free the connection."""
        ...


class TargetSettings(BaseModel):
    """One central collector."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, hide_input_in_errors=True)

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


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
