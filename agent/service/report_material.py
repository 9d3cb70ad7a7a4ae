"""What a report tells of a machine: its inventory, and from the journal what changed and what its agents did."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain

from agent.config.error import ConfigError
from agent.config.paths import state_dir
from agent.config.settings import Settings
from agent.inventory.context import this_endpoint_id
from agent.journal.errors import JournalError
from agent.journal.history import history
from agent.journal.journal import FILE, Journal
from agent.journal.selection import Selection
from agent.records import Record
from agent.reports.findings import wanting
from agent.reports.html.activity import Activity, activities
from agent.reports.html.events import Event, event
from agent.reports.html.subject import Machine
from agent.service.action_history import from_journal
from agent.service.known_inventory import inventory
from agent.service.lines import lines_of

_DAYS = 30
_MOST_EVENTS = 2_000
_MOST_LINES = 5_000
_OPS = ("discovered", "changed", "removed", "notice")


def machine(settings: Settings, root: str | None) -> Machine:
    """This machine with what its journal tells of the last days; of another one only what is there now."""
    known = inventory(settings, root)
    now = datetime.now(UTC)
    lines = _lines(settings, root, known.records)
    if root:
        return Machine(known.records, known.known_from, now, lines=lines)
    events, events_from = _events(settings, now - timedelta(days=_DAYS))
    did, actions_from = _activities(settings, now - timedelta(days=_DAYS))
    return Machine(known.records, known.known_from, now, events, events_from, did, actions_from, lines)


def _lines(settings: Settings, root: str | None, records: Sequence[Record]) -> dict[str, int]:
    """Of the gravest findings, by their ids."""
    by_id = {record.id: record for record in records}
    return lines_of(wanting(records)[:_MOST_LINES], by_id, settings, root)


def _events(settings: Settings, since: datetime) -> tuple[list[Event], str]:
    """The newest first, and where they are from."""
    file = state_dir(settings) / FILE
    newest: deque[Event] = deque(maxlen=_MOST_EVENTS)
    count = 0
    try:
        if not file.exists():
            return [], Machine.events_from
        journal = Journal.open(file, this_endpoint_id(), readonly=True)
        try:
            for entry in history(journal, Selection(since, ops=_OPS)):
                newest.append(event(entry))
                count += 1
        finally:
            journal.close()
    except (JournalError, OSError) as error:
        return [], f"The journal could not be read: {getattr(error, 'strerror', None) or error}."
    told = f"{count:,} changes in the last {_DAYS} days, from the journal"
    return list(reversed(newest)), f"{told}; the newest {len(newest):,} are here." if count > len(
        newest
    ) else f"{told}."


def _activities(settings: Settings, since: datetime) -> tuple[list[Activity], str]:
    try:
        found = from_journal(settings, since, follow=False)
        # The first one is asked for here: only then is it known whether there is a journal.
        first = next(found, None)
        did = activities(chain([first], found)) if first else []
    except (ConfigError, OSError):
        return [], Machine.actions_from
    return did, f"No action in the last {_DAYS} days."
