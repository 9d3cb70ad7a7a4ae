"""What agents did, for a command: from the daemon's journal, or from the transcripts themselves."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, get_args

from agent.config.error import ConfigError
from agent.records.action import Action, ActionKind, Decision

if TYPE_CHECKING:
    from agent.config.settings import Settings

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FOLLOW_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which actions are shown; None and "*" stand for all."""

    since: datetime
    agent: str = "*"
    session: str = "*"
    project: str = "*"
    server: str = "*"
    action: str | None = None
    decision: str | None = None

    def __post_init__(self) -> None:
        """Raises `ConfigError` for a kind or a decision that no action has."""
        for given, known in ((self.action, get_args(ActionKind)), (self.decision, get_args(Decision))):
            if given not in (None, *known):
                raise ConfigError(f"{given}: choose from {', '.join(known)}")

    def has(self, action: Action) -> bool:
        return (
            (action.at or action.observed_at) >= self.since
            and self.action in (None, action.action)
            and self.decision in (None, action.decision)
            and all(
                pattern == "*" or fnmatchcase(value or "", pattern)
                for pattern, value in (
                    (self.agent, action.agent),
                    (self.session, action.session_id),
                    (self.project, action.project),
                    (self.server, action.mcp_server),
                )
            )
        )


def since(text: str | None, days: float | None) -> datetime:
    """The time that `--since` names. Raises `ConfigError`."""
    if text is None:
        return datetime.now(UTC) - timedelta(days=days if days is not None else 7)
    if match := re.fullmatch(r"(\d+)([mhdw])", text):
        return datetime.now(UTC) - timedelta(**{_UNITS[match[2]]: int(match[1])})
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise ConfigError(f"--since {text}: neither a time nor a number of m, h, d or w") from None


def from_transcripts(
    settings: Settings, root: str | None, since: datetime, unread: list[str], *, follow: bool
) -> Iterator[Action]:
    """Read here and now; nothing is kept. What could not be read is named in `unread`."""
    from agent.service.scan import take_inventory
    from collectors.transcripts.actions import ActionSource

    context = take_inventory(settings, root).engine.context
    source = ActionSource({}, since, programs=settings.collect.action_programs)
    told: set[str] = set()
    while True:
        batch = source.read(context, everything=not follow)
        for event in batch.events:
            if isinstance(event, Action) and event.id not in told:
                told.add(event.id)
                yield event
        unread += [str(diagnostic.evidence.source) for diagnostic in batch.diagnostics]
        if not batch.more and not follow:
            return
        if not batch.more:
            time.sleep(_FOLLOW_SECONDS)


def from_journal(settings: Settings, since: datetime, *, follow: bool) -> Iterator[Action]:
    """As the daemon has told them. Raises `ConfigError` where there is no journal that can be read."""
    from agent.config.paths import state_dir
    from agent.inventory.actions import Journaled
    from agent.inventory.context import this_endpoint_id
    from agent.journal.errors import JournalError
    from agent.journal.journal import FILE, Journal

    file = state_dir(settings) / FILE
    if not file.exists():
        raise ConfigError(f"{file}: no journal; --backfill-days N reads the transcripts themselves")
    try:
        journal = Journal.open(file, this_endpoint_id(), readonly=True)
        try:
            journaled = Journaled(journal)
            yield from journaled.read(since)
            while follow:
                time.sleep(_FOLLOW_SECONDS)
                yield from journaled.read(since)
        finally:
            journal.close()
    except JournalError as error:
        raise ConfigError(str(error)) from None
