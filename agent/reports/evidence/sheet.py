"""A list that is a CSV file for a spreadsheet and a table on a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.reports.csv_lines import csv_lines
from agent.reports.html.elements import Html, capped, left_out, name, row, table

_MOST_ON_A_PAGE = 500


@dataclass(frozen=True)
class Sheet:
    """The same columns in both."""

    head: Sequence[str]
    rows: Sequence[Sequence[str | int | None]]

    def csv(self) -> Iterator[str]:
        """Without what a spreadsheet would take for a formula."""
        return csv_lines(self.head, self.rows)

    def html(self, caption: str) -> Html:
        """As much of it as a page bears."""
        shown = capped(self.rows, _MOST_ON_A_PAGE)
        made = [row(self.head, [name("" if cell is None else str(cell), 300) for cell in cells]) for cells in shown]
        return Html(table(caption, self.head, made) + left_out(len(self.rows), len(shown), "rows"))
