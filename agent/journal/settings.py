"""Settings of the journal."""

from __future__ import annotations

from pydantic import Field

from agent.runtime.settings import Section


class JournalSettings(Section):
    """How often it is signed, and how much of it is kept."""

    checkpoint_entries: int = Field(default=1000, ge=1, le=100_000)
    checkpoint_seconds: float = Field(default=900, ge=1)
    """A signed checkpoint after so many entries, or after so long with any."""
    keep_days: float = Field(default=400, gt=0)
    """Entries older than this go, once every target has them."""
    keep_bytes: int = Field(default=1024**3, ge=1024**2)
    """The oldest entries go sooner where the file would grow beyond this; while a target waits for them, those of least
    value first."""
