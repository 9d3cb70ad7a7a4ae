"""`rollcall report`: what people look at away from the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, Shared, declare, progress
from agent.reports.report import PAGE
from agent.runtime.terminal import tell

if TYPE_CHECKING:
    from agent.cli.common import Commands


def add(commands: Commands) -> None:
    """Declare `report`."""
    report = commands.add_parser("report", help="a page that shows everything, to open in any browser")
    report.add_argument("--html", type=Path, metavar="FILE", required=True, help="write one self-contained page")
    declare(report, lambda shared, given: _page(shared, given.html), ("root",))


def _page(shared: Shared, file: Path) -> int:
    from agent.reports.output import emit
    from agent.service.report_material import machine

    with progress():
        emit(PAGE.lines(machine(shared.settings(), shared.root)), file)
    tell(f"rollcall: {file}: open it in a browser")
    return COMPLETE
