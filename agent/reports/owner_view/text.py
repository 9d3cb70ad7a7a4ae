"""What a person may see of themself, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap

from agent.reports.columns import terminal_width
from agent.reports.owner_view.recorded import NOT_RECORDED, OWN_EYES, kept, recorded
from agent.reports.owner_view.subject import Advice, OwnerView, advice
from agent.runtime.terminal import plain

_WIDEST = 100


def lines(view: OwnerView) -> Iterator[str]:
    """What to mend, what is recorded, what is not, and where it goes."""
    yield plain(f"What Rollcall knows of {view.owner} on this machine, from {view.machine.known_from}")
    yield from ("", "What to mend, the gravest first")
    found = list(advice(view))
    for number, one in enumerate(found, 1):
        yield from _advice(number, one)
    if not found:
        yield "  Nothing."
    yield from ("", "What is recorded", *_list(recorded(view)))
    yield from ("", "What is not recorded", *_list(NOT_RECORDED))
    yield from ("", "Where it goes", *_list(kept(view.keeping)))
    yield from ("", "See for yourself", *_list([OWN_EYES]))


def _advice(number: int, one: Advice) -> Iterator[str]:
    yield ""
    yield from _wrapped(f"{number}. {one.severity.upper()}: {one.title}", "  ", "     ")
    yield from _wrapped(f"Why it matters: {one.meaning}", "     ")
    yield from _wrapped(f"How to mend it: {one.remedy}", "     ")
    for about, place, shown in one.places:
        yield from _wrapped(
            f"- {about}{f': {place}' if place else ''}{f' ({shown})' if shown else ''}", "     ", "       "
        )
    if one.more:
        yield f"     and {one.more} more"


def _list(items: Iterable[str]) -> Iterator[str]:
    for item in items:
        yield from _wrapped(f"- {item}", "  ", "    ")


def _wrapped(text: str, first: str, others: str | None = None) -> list[str]:
    """Lines of a bearable width; what is longer, such as a path, is not broken: it is to be copied."""
    width = min(terminal_width() or _WIDEST, _WIDEST)
    return wrap(
        plain(text), width, initial_indent=first, subsequent_indent=first if others is None else others,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
