"""Which functions of the NIST AI RMF and which duties of deployers under the EU AI Act the same evidence can serve."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent.governance.controls import Control, controls
from agent.reports.html.elements import Html, joined, row, table, tag

_HEAD = ("What asks for it", "Evidence in this pack")
_NOT = (
    "One piece of evidence can serve several frameworks. That it can serve one says nothing of whether a system falls "
    "under it, of the risk class of a system, or of conformity. ISO/IEC 42001 is no harmonised standard under the EU "
    "AI Act."
)


def page() -> Html:
    """Two tables, each from the framework to the controls."""
    return joined(
        tag("p", _NOT),
        tag("h2", "NIST AI Risk Management Framework"),
        table("NIST AI RMF", _HEAD, _rows((nist, control) for control in controls() for nist in control.nist)),
        tag("h2", "EU AI Act: duties of deployers"),
        table("EU AI Act", _HEAD, _rows((duty, control) for control in controls() for duty in control.eu)),
    )


def _rows(pairs: Iterable[tuple[str, Control]]) -> Iterator[Html]:
    served: dict[str, list[Control]] = {}
    for what, control in pairs:
        served.setdefault(what, []).append(control)
    for what, held in served.items():
        yield row(_HEAD, (what, joined([_link(control) for control in held])))


def _link(control: Control) -> Html:
    href = f"statement-of-applicability.html#{control.id.replace(' ', '-')}"
    kinds = ", ".join(control.evidence).replace("_", " ") or "none"
    return tag("p", tag("a", f"{control.id} {control.name}", href=href), f": {kinds}")
