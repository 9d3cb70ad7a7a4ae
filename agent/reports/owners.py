"""Who answers for each account, agent, server and process, how that is known, and where nobody does (control A.3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from agent.records import AiAgent, Finding, Instance, McpServer, Owner, Record
from agent.reports import sheet
from agent.reports.sheet import Sheet
from agent.runtime.terminal import plain

_GROUP = ("account", "person", "team", "known_by", "agents", "servers", "processes")
_MOST = 20
"""Findings, where nobody asks for all."""
_COUNTED = ("agent", "server", "process")
_HEAD = ("account", "what", "name", "person", "team", "known_by")
_BY = {
    "policy": "policy",
    "assignment": "assignment file",
    "signed_in": "signed-in account",
    "account": "the account itself",
    None: "",
}


def lines(records: Sequence[Record]) -> Iterator[str]:
    """Who answers for how much of each account, then the findings about owners; `--all` names each thing."""
    table = _sheet(records)
    groups: dict[tuple[str, ...], Counter[str]] = {}
    for account, what, _, *answers in table.rows:
        groups.setdefault((account, *answers), Counter())[what] += 1
    rows = [(*who, *(str(counts[what]) for what in _COUNTED)) for who, counts in groups.items()]
    yield from sheet.in_columns(Sheet(_GROUP, rows)) if rows else ["No agents found."]
    yield from _closing(records, table, _MOST)


def each(records: Sequence[Record]) -> Iterator[str]:
    """A row an account, agent, server and process, then the findings about owners."""
    table = _sheet(records)
    yield from sheet.in_columns(table) if table.rows else ["No agents found."]
    yield from _closing(records, table, None)


def _closing(records: Sequence[Record], table: Sheet, most: int | None) -> Iterator[str]:
    findings = sorted(
        f"{finding.severity}: {finding.title}: {finding.subject} ({finding.rule})"
        for finding in records
        if isinstance(finding, Finding) and "A.3" in finding.controls and finding.state != "resolved"
    )
    yield ""
    yield from map(plain, findings[:most])
    if most and len(findings) > most:
        yield f"… and {len(findings) - most} more findings about owners: --all"
    nobody = sum(row[3] == "nobody" for row in table.rows)
    yield f"{len(table.rows)} accounts, agents, servers and processes; nobody answers for {nobody}"


def csv(records: Sequence[Record]) -> Iterator[str]:
    """The table for a spreadsheet."""
    return sheet.as_csv(_sheet(records))


def as_json(records: Sequence[Record]) -> Iterator[str]:
    """The table as an array of objects."""
    return sheet.as_json(_sheet(records))


def _sheet(records: Sequence[Record]) -> Sheet:
    teams = {record.owner: record.team for record in records if isinstance(record, Owner)}
    used = {record.owner for record in records if isinstance(record, AiAgent | McpServer | Instance)}
    return Sheet(_HEAD, sorted(row for record in records if record.owner in used and (row := _row(record, teams))))


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
    who = (record.accountable or "nobody", team or "", _BY[record.accountable_by])
    return record.owner or "(machine)", what, name, *who
