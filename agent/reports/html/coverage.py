"""What was looked at, and what could not be seen: nothing found is not the same as could not look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from agent.records import Coverage, Diagnostic, Owner, Summary
from agent.reports.html.elements import Html, capped, code, joined, left_out, name, row, table, tag
from agent.reports.html.subject import Machine

_ACCOUNT = ("Account", "Home", "Clients looked for", "With servers", "Without", "Could not be read")
_GAP = ("What", "Where", "Why", "Code")
_MOST = 300


def coverage(machine: Machine) -> Html:
    """By account, then each gap."""
    gaps = [d for d in machine.of(Diagnostic) if d.severity != "info"]
    gaps.sort(key=lambda d: (d.severity != "error", d.path or "", d.code))
    return tag(
        "section",
        tag("h2", "Coverage"),
        joined([tag("p", line) for line in _state(machine)]),
        table("Accounts", _ACCOUNT, _accounts(machine)),
        tag("h3", "What could not be seen"),
        table("Gaps", _GAP, [_gap(d) for d in capped(gaps, _MOST)]) if gaps else tag("p", "No gap is known."),
        left_out(len(gaps), min(len(gaps), _MOST), "gaps"),
        tag("p", _NEVER, class_="fine"),
        id="coverage",
    )


_NEVER = (
    "Never seen: services used in a browser only, clients that the catalog does not know and that start nothing that "
    "looks like an MCP server, other machines, and whatever a process hides from the system. What was said to a model "
    "and what it answered is never read into a record, nor is the value of a secret."
)


def _state(machine: Machine) -> Iterator[str]:
    for summary in machine.of(Summary):
        how = "complete: no gap is known" if summary.status == "complete" else "partial: something was not seen"
        yield f"This look was {how}."
    out = sorted({owner.owner or "" for owner in machine.of(Owner) if owner.reach == "out_of_reach"})
    if out:
        yield f"Out of reach without more rights: the homes of {', '.join(out[:20])}."


def _accounts(machine: Machine) -> Iterator[Html]:
    homes = {owner.owner: owner for owner in machine.of(Owner)}
    for said in sorted(machine.of(Coverage), key=lambda c: c.owner or ""):
        count = Counter(client.state for client in said.clients)
        unread = [c for c in said.clients if c.state == "could_not_read"]
        home = homes.get(said.owner)
        cells = (
            name(said.owner or "(machine)"),
            code(home.home) if home else "",
            len(said.clients),
            count["servers_found"],
            count["no_servers"],
            joined(f"{len(unread)} ", [joined("; " if n else "", name(c.agent)) for n, c in enumerate(unread[:10])]),
        )
        yield row(_ACCOUNT, cells)


def _gap(found: Diagnostic) -> Html:
    place = ":".join(str(part) for part in (found.path, found.line, found.column) if part)
    return row(_GAP, (name(found.agent or found.severity), code(place), name(found.message), code(found.code)))
