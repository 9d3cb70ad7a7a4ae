"""One measured number beside its reference and its goal."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """`compared` is the number the goal limits: the measurement itself, or its ratio to the reference."""

    what: str
    measured: float
    unit: str
    reference: float | None = None
    """In the same unit."""
    reference_name: str = ""
    goal: float | None = None
    strictly: bool = True
    """Whether the number must be less than the goal, or may equal it."""
    of_ratio: bool = False

    @property
    def ratio(self) -> float | None:
        return self.measured / self.reference if self.reference else None

    @property
    def ok(self) -> bool | None:
        """None where there is no goal."""
        compared = self.ratio if self.of_ratio else self.measured
        if self.goal is None or compared is None:
            return None
        return (operator.lt if self.strictly else operator.le)(compared, self.goal)

    def cells(self) -> tuple[str, ...]:
        sign, unit = "<" if self.strictly else "≤", " times" if self.of_ratio else f" {self.unit}"
        return (
            self.what,
            f"{self.measured:.4g} {self.unit}",
            "" if self.reference is None else f"{self.reference:.4g} {self.unit} ({self.reference_name})",
            "" if self.ratio is None else f"{self.ratio:.2f}",
            "" if self.goal is None else f"{sign} {self.goal:g}{unit}",
            {True: "yes", False: "NO", None: ""}[self.ok],
        )


def print_table(rows: Iterable[Row]) -> None:
    lines = [("what", "measured", "reference", "ratio", "goal", "ok"), *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
