"""`rollcall actions`: what agents did, from the daemon's journal or from the transcripts themselves."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, get_args

from agent.cli.common import COMPLETE, PARTIAL, Shared, declare
from agent.config.error import ConfigError
from agent.records.action import Action, ActionKind, Decision
from agent.runtime.terminal import show_json, show_text, tell

if TYPE_CHECKING:
    from agent.cli.common import Commands
    from agent.config.settings import Settings

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FOLLOW_SECONDS = 1.0
_DAYS = 30.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which actions are shown; None and "*" stand for all."""

    since: datetime
    agent: str = "*"
    session: str = "*"
    project: str = "*"
    server: str = "*"
    action: ActionKind | None = None
    decision: Decision | None = None

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


def add(commands: Commands) -> None:
    """Declare `actions`."""
    actions = commands.add_parser("actions", help="what agents did, by their clients' own transcripts")
    actions.add_argument(
        "--backfill-days", type=float, metavar="N", help="read the transcripts themselves, so far back, not the journal"
    )
    actions.add_argument("--since", metavar="TIME", help="such as 24h, 7d or 2026-11-28T09:00; default: 7d")
    for name in ("agent", "session", "project", "server"):
        actions.add_argument(f"--{name}", default="*", metavar="PATTERN", help=f"only of this {name}; may hold *")
    actions.add_argument("--kind", choices=get_args(ActionKind), help="only actions of this kind")
    actions.add_argument("--decision", choices=get_args(Decision), help="only actions that were decided so")
    actions.add_argument("--follow", action="store_true", help="go on with what happens from now on")
    declare(actions, _actions, ("root",), ("table", "json", "ndjson"))


def _actions(shared: Shared, given: argparse.Namespace) -> int:
    settings = shared.settings()
    days = given.backfill_days if given.backfill_days is not None else _DAYS if shared.root else None
    since = _since(given.since, days)
    wanted = Wanted(since, given.agent, given.session, given.project, given.server, given.kind, given.decision)
    unread: list[str] = []
    if days is None:
        found = _from_journal(settings, since, follow=given.follow)
    else:
        found = _from_transcripts(settings, shared.root, since, unread, follow=given.follow)
    _show((action for action in found if wanted.has(action)), shared.format or "table", follow=given.follow)
    for path in dict.fromkeys(unread):
        tell(f"rollcall: {path}: not read")
    return PARTIAL if unread else COMPLETE


def _since(text: str | None, days: float | None) -> datetime:
    """The time that `--since` names. Raises `ConfigError`."""
    if text is None:
        return datetime.now(UTC) - timedelta(days=days if days is not None else 7)
    if match := re.fullmatch(r"(\d+)([mhdw])", text):
        return datetime.now(UTC) - timedelta(**{_UNITS[match[2]]: int(match[1])})
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise ConfigError(f"--since {text}: neither a time nor a number of m, h, d or w") from None


def _from_transcripts(
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


def _from_journal(settings: Settings, since: datetime, *, follow: bool) -> Iterator[Action]:
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


def _show(actions: Iterable[Action], form: str, *, follow: bool) -> None:
    from agent.reports import actions as report
    from agent.reports.output import render

    if form == "ndjson":
        for action in actions:
            show_json(render([action], "ndjson"))
    elif form == "json":
        show_json(["".join(render(list(actions), "json"))])
    elif follow:
        for action in actions:
            show_text(report.table([action]).partition("\n")[2])
    else:
        found = list(actions)
        show_text(report.table(found))
        if summary := report.sessions(found):
            show_text(f"\nSessions:\n{summary}")
