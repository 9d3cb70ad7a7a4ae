"""`rollcall ack`: the policy exception that would acknowledge findings, to be reviewed and put in the signed policy."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, Shared, declare, known_records
from agent.runtime.terminal import tell

if TYPE_CHECKING:
    import argparse

    from agent.cli.common import Commands


def add(commands: Commands) -> None:
    """Declare `ack`."""
    ack = commands.add_parser("ack", help="print the policy exception that would acknowledge findings")
    ack.add_argument("ids", nargs="+", metavar="ID", help="id of a finding, its beginning, or a rule")
    ack.add_argument("--reason", required=True, metavar="TEXT", help="why it is accepted")
    ack.add_argument("--until", required=True, type=_day, metavar="DAY", help="last day, as 2027-01-31, or 90d")
    ack.add_argument("--by", metavar="NAME", help="who answers for it; default: who answers for what it is about")
    declare(ack, _ack, ("root", "output"))


def _ack(shared: Shared, given: argparse.Namespace) -> int:
    from agent.config.error import ConfigError
    from agent.governance.policy.draft_exception import covered, draft_exception
    from agent.reports.findings import named
    from agent.reports.output import emit

    records = known_records(shared)
    by_id = {record.id: record for record in records}
    found = [finding for finding in named(records, given.ids) if finding.state != "resolved"]
    if not found:
        raise ConfigError(f"no open finding {' or '.join(given.ids)}")
    exceptions = []
    for finding in found:
        by = given.by or finding.accountable
        if not by:
            raise ConfigError(f"{finding.subject}: nobody answers for it; name somebody with --by")
        one = draft_exception(finding, by_id.get(finding.subject_id), given.reason, given.until, by)
        if one not in exceptions:
            exceptions.append(one)
    emit((line for one in exceptions for line in one.toml()), shared.output)
    reached = covered(exceptions, records)
    tell(f"rollcall: {len(exceptions)} exceptions for {len(reached)} findings; they count once the policy holds them")
    for finding in reached:
        if finding not in found:
            tell(f"rollcall: covered too: {finding.id[:8]} {finding.title}: {finding.subject}")
    return COMPLETE


def _day(text: str) -> date:
    today = datetime.now(UTC).date()
    match = re.fullmatch(r"(\d{1,4})d", text)
    day = today + timedelta(days=int(match[1])) if match else date.fromisoformat(text)
    if day < today:
        raise ValueError(text)
    return day
