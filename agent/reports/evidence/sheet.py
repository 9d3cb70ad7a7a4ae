"""A list that is a CSV file for a spreadsheet and reads well on a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.reports.csv_lines import csv_lines
from agent.reports.html.elements import Html, capped, facts, joined, left_out, name, tag

_MOST_ON_A_PAGE = 500


@dataclass(frozen=True)
class Sheet:
    """The same facts in both."""

    head: Sequence[str]
    rows: Sequence[Sequence[str | int | None]]

    def csv(self) -> Iterator[str]:
        """Without what a spreadsheet would take for a formula."""
        return csv_lines(self.head, self.rows)

    def html(self, title: int) -> Html:
        """A part a row, under the text of one column: so many columns fit on no page. As much as a page bears."""
        shown = capped(self.rows, _MOST_ON_A_PAGE)
        return joined([self._part(row, title) for row in shown], left_out(len(self.rows), len(shown), "rows"))

    def _part(self, row: Sequence[str | int | None], title: int) -> Html:
        cells = [None if cell is None else str(cell) for cell in row]
        pairs = [(head, name(cell, 400)) for head, cell in zip(self.head, cells, strict=True) if cell]
        return tag("article", tag("h2", name(cells[title])), facts(pairs))
