"""What all delivery targets have in common; the rest of its settings each declares itself."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field

from agent.records.finding import Severity
from agent.runtime.settings import Section


class TargetSettings(Section):
    """One place that entries of the journal are sent to."""

    name: str = Field(default="central", pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")
    """Names the durable cursor: a renamed target starts again from the first entry."""
    type: str = "rollcall"
    """Which protocol it speaks."""
    max_records: int = Field(default=500, ge=1, le=500)
    max_bytes: int = Field(default=900_000, ge=10_000, le=900_000)
    """Size of one batch before compression."""
    backoff_cap: float = Field(default=300.0, gt=0, le=3600)
    """Longest pause between two attempts, in seconds, unless the target asks for more."""

    spread_seconds: float = Field(default=0.0, ge=0, le=3600)
    """A daemon that starts waits for up to so long before it delivers, so that a fleet does not at one moment."""

    @property
    def destination(self) -> str:
        """Where it sends, for people: a host, a file, or its type where it has neither."""
        url = getattr(self, "url", None)
        place = urlsplit(url).hostname if url else getattr(self, "host", None) or getattr(self, "path", None)
        return str(place or self.type)


class FilteredSettings(TargetSettings):
    """One that need not get all: every setting that is given must be met."""

    kinds: tuple[str, ...] = ()
    """Kinds of records that it gets; empty: all."""
    severity: Severity | None = None
    """Findings of this severity and graver ones only; what is no finding is not asked for it."""
    controls: tuple[str, ...] = ()
    """Only what is evidence for one of these controls, such as `A.6`; empty: all."""


def secret_files(target: TargetSettings) -> list[Path]:
    """Those of them that hold a secret."""
    return [
        path
        for name in ("token_file", "client_key_file", "enroll_secret_file", "proxy_auth_file")
        if (path := getattr(target, name, None))
    ]
