"""The inventory for a report: the running daemon's, which knows what was, else a look of one's own."""

from __future__ import annotations

from dataclasses import dataclass

from agent.config.paths import state_dir
from agent.config.settings import Settings
from agent.inventory.context import this_endpoint_id
from agent.inventory.store import committed
from agent.journal.errors import JournalError
from agent.journal.journal import FILE, Journal
from agent.records import Record
from agent.service.scan import take_inventory


@dataclass(frozen=True, slots=True)
class KnownInventory:
    """Records, and in words where they are from."""

    records: list[Record]
    known_from: str


def inventory(settings: Settings, root: str | None = None) -> KnownInventory:
    """Of this machine, or of the one whose file system is mounted at `root`."""
    kept = None if root else _kept(settings)
    if kept:
        return kept
    return KnownInventory(take_inventory(settings, root).records, f"a look at {root or 'this machine'}, just now")


def _kept(settings: Settings) -> KnownInventory | None:
    file = state_dir(settings) / FILE
    try:
        if not file.exists():
            return None
        journal = Journal.open(file, this_endpoint_id(), readonly=True)
        try:
            head, records = journal.head().seq, committed(journal)
            at = journal.read(head - 1)[-1].at
        finally:
            journal.close()
    except (JournalError, OSError, IndexError):
        # Not ours to read, or of no use: a look of one's own needs neither.
        return None
    return KnownInventory(
        records, f"the daemon's journal up to entry {head}, {at:%Y-%m-%d %H:%M} UTC; see `audit verify`"
    )
