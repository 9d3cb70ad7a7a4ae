"""Who answers for each account, agent, server and process, how that is known, and where nobody does (control A.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.records import AiAgent, Finding, Instance, McpServer, Owner, Record
from agent.reports.columns import columns
from agent.runtime.terminal import plain

_HEAD = ("ACCOUNT", "WHAT", "NAME", "PERSON", "TEAM", "KNOWN BY")
_BY = {
    "policy": "policy",
    "assignment": "assignment file",
    "signed_in": "signed-in account",
    "account": "the account itself",
    None: "-",
}


def lines(records: Sequence[Record]) -> Iterator[str]:
    """A table for a person, then the findings about owners."""
    teams = {record.owner: record.team for record in records if isinstance(record, Owner)}
    used = {record.owner for record in records if isinstance(record, AiAgent | McpServer | Instance)}
    rows = sorted(row for record in records if record.owner in used and (row := _row(record, teams)))
    yield from columns(_HEAD, rows) if rows else ["No agents found."]
    findings = sorted(
        f"{finding.severity}: {finding.title}: {finding.subject} ({finding.rule})"
        for finding in records
        if isinstance(finding, Finding) and "A.3" in finding.controls and finding.state != "resolved"
    )
    yield ""
    yield from map(plain, findings)
    nobody = sum(row[3] == "nobody" for row in rows)
    yield f"{len(rows)} accounts, agents, servers and processes; nobody answers for {nobody}"


def _row(record: Record, teams: dict[str | None, str | None]) -> tuple[str, ...] | None:
    if isinstance(record, Owner):
        what, name = f"{record.account} account", record.full_name or record.home
    elif isinstance(record, AiAgent):
        what, name = "agent", record.name
    elif isinstance(record, McpServer):
        what, name = "server", f"{record.name} in {record.agent}"
    elif isinstance(record, Instance):
        what, name = "process", f"{record.name} ({record.pid})"
    else:
        return None
    team = teams.get(record.owner) if record.accountable_by in ("policy", "assignment") else None
    who = (record.accountable or "nobody", team or "-", _BY[record.accountable_by])
    return record.owner or "(machine)", what, name, *who
