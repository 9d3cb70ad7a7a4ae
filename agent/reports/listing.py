"""Everything of one kind, a row each: agents, servers, skills, hooks and the like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from agent.records import AiAgent, Artifact, McpServer, ModelProvider, Posture, Record
from agent.reports import records_json, rows, sheet
from agent.reports.sheet import Sheet
from agent.reports.worst import Worst, rank


@dataclass(frozen=True, slots=True)
class Listed:
    """What may be listed: its kind of record, and for artifacts which of them."""

    kind: str
    head: Sequence[str]
    artifact: str | None = None


WHAT: Mapping[str, Listed] = {
    "agents": Listed("ai_agent", rows.AGENT),
    "servers": Listed("mcp_server", rows.SERVER),
    "providers": Listed("model_provider", rows.PROVIDER),
    **{
        f"{name}s": Listed("artifact", rows.ARTIFACT, name)
        for name in ("skill", "subagent", "command", "rule", "hook", "plugin", "marketplace")
    },
}


@dataclass(frozen=True, slots=True)
class Listing:
    """What is asked about: a key of `WHAT`, the records that were chosen, and all that are known beside them."""

    what: str
    chosen: Sequence[Record]
    known: Sequence[Record] = field(default_factory=tuple)
    sort: str | None = None


def lines(listing: Listing) -> Iterator[str]:
    """A table, what has the gravest findings first."""
    table = _sheet(listing)
    yield from sheet.in_columns(table) if table.rows else [f"No {listing.what} found."]


def csv(listing: Listing) -> Iterator[str]:
    """The same for a spreadsheet."""
    return sheet.as_csv(_sheet(listing))


def array(listing: Listing) -> Iterator[str]:
    """The records themselves as one JSON array."""
    return records_json.array(listing.chosen)


def each(listing: Listing) -> Iterator[str]:
    """A record a line."""
    return records_json.each(listing.chosen)


def of_kind(what: str, records: Sequence[Record]) -> list[Record]:
    """The records that `what` stands for."""
    listed = WHAT[what]
    return [
        record
        for record in records
        if record.kind == listed.kind
        and (listed.artifact is None or cast(Artifact, record).artifact == listed.artifact)
    ]


def _sheet(listing: Listing) -> Sheet:
    head = WHAT[listing.what].head
    row = _row(listing.known)
    told = sorted(row(record) for record in listing.chosen)
    if "worst" in head:
        told.sort(key=lambda cells: -rank(cells[head.index("worst")]))
    if listing.sort:
        column = head.index(listing.sort)
        told.sort(key=lambda cells: _in_order(listing.sort, cells[column]))
    return Sheet(head, told)


def _in_order(column: str | None, cell: str) -> tuple[int, str]:
    """Numbers by their size and severities from the gravest; an empty cell last."""
    if column == "worst":
        return -rank(cell), ""
    return (int(cell), "") if cell.isdecimal() else (0 if cell else 1, cell.lower())


def _row(known: Sequence[Record]) -> Callable[[Record], rows.Row]:
    worst = Worst(known)
    modes = rows.modes(record for record in known if isinstance(record, Posture))

    def row(record: Record) -> rows.Row:
        match record:
            case AiAgent():
                key = record.owner, record.agent
                return rows.agent(record, modes.get(key), worst.of_client.get(key))
            case McpServer():
                return rows.server(record, worst.of.get(record.id))
            case ModelProvider():
                return rows.provider(record)
        return rows.artifact(cast(Artifact, record))

    return row
