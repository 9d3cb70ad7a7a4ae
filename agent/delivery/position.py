"""Where delivery to one target stands in the journal."""

from __future__ import annotations

from typing import NamedTuple


class Position(NamedTuple):
    """Everything up to `done` is settled."""

    done: int = 0
    """Last entry that was accepted or became a dead letter."""
    accepted: int = 0
    """Last entry the target has accepted."""
    sending: int | None = None
    """Last entry of the batch under way, fixed before its first attempt."""
    last_success: str | None = None
