"""The same as a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent.reports.html.elements import Html, badge, code, joined, name, tag
from agent.reports.html.page import document
from agent.reports.owner_view.recorded import NOT_RECORDED, OWN_EYES, kept, recorded
from agent.reports.owner_view.subject import Advice, OwnerView, advice


def lines(view: OwnerView) -> Iterator[str]:
    """The whole document."""
    called = name(view.owner, 80)
    top = tag(
        "header",
        tag("h1", "What Rollcall knows of ", called, " on this machine"),
        tag("p", f"{view.machine.made_at:%Y-%m-%d %H:%M} UTC, from {view.machine.known_from}."),
    )
    found = [tag("li", _advice(one)) for one in advice(view)]
    body = joined(
        _part("What to mend, the gravest first", tag("ol", found) if found else tag("p", "Nothing.")),
        _part("What is recorded", _list(recorded(view))),
        _part("What is not recorded", _list(NOT_RECORDED)),
        _part("Where it goes", _list(kept(view.keeping))),
        _part("See for yourself", tag("p", OWN_EYES)),
    )
    return document("What Rollcall knows of you", top, body)


def _part(title: str, body: Html) -> Html:
    return tag("section", tag("h2", title), body)


def _list(items: Iterable[str]) -> Html:
    return tag("ul", [tag("li", name(item, 1_500)) for item in items])


def _advice(one: Advice) -> Html:
    places = [
        tag("li", name(about), ": " if place else "", code(place), joined(" (", name(shown), ")") if shown else None)
        for about, place, shown in one.places
    ]
    more = tag("p", f"And {one.more:,} more.") if one.more else None
    return joined(
        tag("h3", badge(one.severity), " ", name(one.title)),
        tag("p", tag("b", "Why it matters: "), one.meaning),
        tag("p", tag("b", "How to mend it: "), one.remedy),
        tag("ul", places),
        more,
    )
