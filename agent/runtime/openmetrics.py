"""Numbers as OpenMetrics text, which Prometheus and everything around it read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from agent.runtime.terminal import plain

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"'})


class Metric(NamedTuple):
    """One family: a counter's samples get the ending `_total`."""

    name: str
    help: str
    samples: Iterable[tuple[Mapping[str, str], float]]
    """Labels and value of each; no two have the same labels."""
    type: Literal["gauge", "counter"] = "gauge"


def lines(metrics: Iterable[Metric]) -> Iterator[str]:
    """The families, ended as the format wants it. The older Prometheus text format reads the same lines."""
    for metric in metrics:
        yield f"# TYPE {metric.name} {metric.type}"
        yield f"# HELP {metric.name} {plain(metric.help).translate(_ESCAPES)}"
        ending = "_total" if metric.type == "counter" else ""
        for labels, value in metric.samples:
            inside = ",".join(f'{name}="{plain(text).translate(_ESCAPES)}"' for name, text in labels.items())
            yield f"{metric.name}{ending}{{{inside}}} {value}" if inside else f"{metric.name}{ending} {value}"
    yield "# EOF"
