"""The search and the filters above a list: hidden until the script that they need has run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from agent.reports.html.elements import Html, joined, short, tag

_MOST_CHOICES = 300


class Filtered(Protocol):
    """What can be chosen by."""

    @property
    def owner(self) -> str | None: ...
    @property
    def agent(self) -> str | None: ...


def filters(of: str, items: Iterable[Filtered]) -> Html:
    """For the elements of class `item` in the section with this id."""
    found = list(items)
    if not found:
        return Html("")
    choices = {
        "severity": [
            severity
            for severity in ("critical", "high", "medium", "low")
            if any(getattr(item, "severity", severity) == severity for item in found)
        ],
        "agent": sorted({item.agent or "" for item in found}),
        "owner": sorted({item.owner or "" for item in found}),
    }
    return tag(
        "form",
        tag("label", "Search ", tag("input", type="search", name="text", autocomplete="off")),
        joined([_choice(what, values) for what, values in choices.items()]),
        tag("output", class_="count", aria_live="polite"),
        class_="filters",
        data_of=of,
        aria_label=f"Filter {of}",
        hidden=True,
    )


def _choice(what: str, values: list[str]) -> Html:
    options = [tag("option", f"any {what}", value="")]
    options += [tag("option", short(value, 40), value=value[:80]) for value in values[:_MOST_CHOICES] if value]
    return tag("label", f"{what.capitalize()} ", tag("select", options, name=what))
