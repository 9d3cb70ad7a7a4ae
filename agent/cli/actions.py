"""`rollcall actions`: what agents did, from the daemon's journal or from the transcripts themselves."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, PARTIAL, Shared, declare, write
from agent.reports.report import ACTIONS
from agent.runtime.terminal import show, tell

if TYPE_CHECKING:
    from agent.cli.common import Commands
    from agent.records import Action

_DAYS = 30.0


def add(commands: Commands) -> None:
    """Declare `actions`."""
    actions = commands.add_parser("actions", help="what agents did, by their clients' own transcripts")
    actions.add_argument(
        "--backfill-days", type=float, metavar="N", help="read the transcripts themselves, so far back, not the journal"
    )
    actions.add_argument("--since", metavar="TIME", help="such as 24h, 7d or 2026-11-28T09:00; default: 7d")
    for name in ("agent", "session", "project", "server"):
        actions.add_argument(f"--{name}", default="*", metavar="PATTERN", help=f"only of this {name}; may hold *")
    actions.add_argument("--kind", metavar="KIND", help="only actions of this kind")
    actions.add_argument("--decision", metavar="DECISION", help="only actions that were decided so")
    actions.add_argument("--follow", action="store_true", help="go on with what happens from now on")
    declare(actions, _actions, ("root",), ACTIONS.formats)


def _actions(shared: Shared, given: argparse.Namespace) -> int:
    from agent.service import action_history as history

    settings = shared.settings()
    days = given.backfill_days if given.backfill_days is not None else _DAYS if shared.root else None
    since = history.since(given.since, days)
    wanted = history.Wanted(since, given.agent, given.session, given.project, given.server, given.kind, given.decision)
    unread: list[str] = []
    if days is None:
        found = history.from_journal(settings, since, follow=given.follow)
    else:
        found = history.from_transcripts(settings, shared.root, since, unread, follow=given.follow)
    actions = (action for action in found if wanted.has(action))
    if given.follow:
        _follow(actions, shared)
    else:
        write(ACTIONS, list(actions), shared)
    for path in dict.fromkeys(unread):
        tell(f"rollcall: {path}: not read")
    return PARTIAL if unread else COMPLETE


def _follow(actions: Iterable[Action], shared: Shared) -> None:
    """Each action as it comes."""
    from agent.reports.actions import rows

    if shared.format == "json":
        write(ACTIONS, list(actions), shared)
    for action in actions:
        if shared.format == "ndjson":
            write(ACTIONS, [action], shared)
        else:
            show(rows([action])[1:])
