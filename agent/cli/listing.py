"""`rollcall list`: everything of one kind."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, SEVERITIES, Shared, declare, known_records, patterns, write
from agent.reports import report

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from agent.cli.common import Commands
    from agent.records import Record

_WHAT = (
    "agents", "servers", "providers", "skills", "subagents", "commands", "rules", "hooks", "plugins", "marketplaces",
)  # fmt: skip


def add(commands: Commands) -> None:
    """Declare `list`."""
    listed = commands.add_parser("list", help="everything of one kind: agents, servers, skills, hooks and the like")
    listed.add_argument("what", choices=_WHAT, metavar="WHAT", help=f"one of {', '.join(_WHAT)}")
    patterns(listed, "agent", "owner", "project", "name")
    listed.add_argument("--severity", choices=SEVERITIES, help="only what has an open finding as grave, or graver")
    listed.add_argument("--sort", metavar="COLUMN", help="name of a column, such as owner")
    declare(listed, _list, ("root", "output"), report.LIST.formats)


def _list(shared: Shared, given: argparse.Namespace) -> int:
    from agent.config.error import ConfigError
    from agent.reports.listing import WHAT, Listing, of_kind

    head = WHAT[given.what].head
    sort = given.sort.lower().replace(" ", "_") if given.sort else None
    if sort and sort not in head:
        raise ConfigError(f"{given.what} have no column {given.sort}; choose from {', '.join(head)}")
    if given.severity and "worst" not in head:
        raise ConfigError(f"list {given.what} takes no --severity: findings are about agents and servers")
    records = known_records(shared)
    chosen = [record for record in of_kind(given.what, records) if _is_meant(record, given)]
    if given.severity:
        chosen = _as_grave(chosen, records, given.severity)
    write(report.LIST, Listing(given.what, chosen, records, sort), shared)
    return COMPLETE


def _is_meant(record: Record, given: argparse.Namespace) -> bool:
    name = getattr(record, "name", None) or getattr(record, "provider", None) or ""
    told = {
        "agent": getattr(record, "agent", None),
        "owner": record.owner,
        "project": getattr(record, "project", None),
        "name": name,
    }
    return all(fnmatchcase(value or "", getattr(given, field)) for field, value in told.items())


def _as_grave(chosen: Sequence[Record], known: Sequence[Record], severity: str) -> list[Record]:
    from agent.reports.worst import Worst, rank

    worst = Worst(known)
    return [
        record
        for record in chosen
        if max(
            rank(worst.of.get(record.id)),
            rank(
                worst.of_client.get((record.owner, getattr(record, "agent", ""))) if record.kind == "ai_agent" else None
            ),
        )
        >= rank(severity)
    ]
