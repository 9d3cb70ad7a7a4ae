"""What one look at the files of one account may cost: whoever has more loses detail, and nobody else does."""

from __future__ import annotations

import time

from collectors.sources.limits import Limits


class AccountBudget:
    """Counts what a look takes; `left_out` are the files for which nothing was left."""

    def __init__(self, limits: Limits, records: int, others: int = 0, accounts: int = 1) -> None:
        """`records` are known of the account's files so far, `others` of those of all other accounts."""
        share = max(limits.machine_records - others, limits.machine_records // accounts)
        self._most = min(limits.account_records, share)
        self._records = records
        self._seconds = limits.account_seconds
        self._deadline = min(limits.until, time.monotonic() + limits.account_seconds)
        self.left_out: list[str] = []

    def allows(self, path: str, known: int) -> bool:
        """Whether there is something left for a file of which so many records are known; if not it is counted."""
        if self._records - known < self._most and time.monotonic() < self._deadline:
            return True
        self.left_out.append(path)
        return False

    def spend(self, known: int, records: int) -> None:
        """A file of so many known records was read and now has so many."""
        self._records += records - known

    @property
    def told(self) -> str:
        """What was left out, and why."""
        why = f"{self._most} records" if self._records >= self._most else f"{self._seconds:g} seconds"
        return f"{len(self.left_out)} files were left out: of one account a look takes at most {why}"
