"""What changed on the machine, day by day, the newest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from agent.reports.html.elements import Html, joined, name, tag
from agent.reports.html.events import Event
from agent.reports.html.subject import Machine

_OPEN_AT_FIRST = 3
_MOST_OF_A_DAY = 200


def timeline(machine: Machine) -> Html:
    """From the journal."""
    days = [list(events) for _, events in groupby(machine.events, lambda event: event.at[:10])]
    return tag(
        "section",
        tag("h2", "Timeline"),
        tag("p", machine.events_from, class_="fine"),
        joined([_day(events, opened=number < _OPEN_AT_FIRST) for number, events in enumerate(days)]),
        id="timeline",
    )


def events_list(events: Sequence[Event]) -> Html:
    """One line an event; nothing without any."""
    return tag("ul", [_event(event) for event in events], class_="events") if events else Html("")


def _day(events: Sequence[Event], *, opened: bool) -> Html:
    counts = Counter(event.op.replace("_", " ") for event in events)
    told = ", ".join(f"{count:,} {op}" for op, count in counts.most_common())
    more = len(events) - _MOST_OF_A_DAY
    return tag(
        "details",
        tag("summary", tag("b", events[0].at[:10]), f" {told}"),
        events_list(events[:_MOST_OF_A_DAY]),
        tag("p", f"And {more:,} more; `rollcall audit show` has all.", class_="left-out") if more > 0 else None,
        open=opened,
    )


def _event(event: Event) -> Html:
    changes = tag("ul", [tag("li", name(change, 300)) for change in event.changes]) if event.changes else None
    return tag(
        "li",
        tag("time", f"{event.at[:10]} {event.at[11:16]} UTC", datetime=event.at),
        " ",
        name(event.told, 300),
        changes,
    )
