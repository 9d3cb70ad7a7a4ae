"""What could not be journaled: told as soon as there is room again."""

from __future__ import annotations

from datetime import UTC, datetime


class Gap:
    """Open from the first step that was not written to the first that is."""

    def __init__(self) -> None:
        self._since: datetime | None = None
        self._reason = ""
        self._steps = 0

    def note(self, reason: str) -> None:
        """A step was not written."""
        self._since = self._since or datetime.now(UTC)
        self._reason = reason
        self._steps += 1

    def notice(self) -> tuple[str, str] | None:
        """Code and message of the notice that is due; None without a gap."""
        if self._since is None:
            return None
        since = self._since.isoformat(timespec="seconds")
        return "journal.gap", f"since {since} nothing could be journaled, {self._steps} steps in all: {self._reason}"

    def close(self) -> None:
        self._since, self._steps = None, 0
