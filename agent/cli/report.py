"""`rollcall report`: what people look at away from the terminal."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.audit import moment
from agent.cli.common import COMPLETE, Shared, declare, progress
from agent.reports.report import PAGE
from agent.runtime.terminal import tell

if TYPE_CHECKING:
    from agent.cli.common import Commands


def add(commands: Commands) -> None:
    """Declare `report`."""
    report = commands.add_parser("report", help="pages and files for those who decide, audit, or are looked at")
    what = report.add_mutually_exclusive_group(required=True)
    what.add_argument("--html", type=Path, metavar="FILE", help="one page that shows everything, for any browser")
    what.add_argument(
        "--evidence", type=Path, metavar="DIR|ZIP", help="what an auditor files: registers, findings, journal, proof"
    )
    report.add_argument("--since", type=moment, metavar="TIME", help="of --evidence: not before, as 2026-11-23")
    report.add_argument("--until", type=moment, metavar="TIME", help="of --evidence: before")
    declare(report, _report, ("root",))


def _report(shared: Shared, given: argparse.Namespace) -> int:
    from agent.config.error import ConfigError

    if given.html:
        if given.since or given.until:
            raise ConfigError("--since and --until are for --evidence; a page shows what is there now")
        return _page(shared, given.html)
    if shared.root:
        raise ConfigError("--evidence is about this machine and its journal; it takes no --root")
    return _evidence(shared, given)


def _page(shared: Shared, file: Path) -> int:
    from agent.reports.output import emit
    from agent.service.report_material import machine

    with progress():
        emit(PAGE.lines(machine(shared.settings(), shared.root)), file)
    tell(f"rollcall: {file}: open it in a browser")
    return COMPLETE


def _evidence(shared: Shared, given: argparse.Namespace) -> int:
    from agent.service.evidence_material import material
    from agent.service.evidence_pack import write

    with progress():
        made = material(shared.settings(), given.since, given.until)
        write(made, given.evidence)
    signed = f"signed with key {made.key.public.id}" if made.key else "NOT signed: the endpoint's key is not readable"
    tell(f"rollcall: {given.evidence}: begin with index.html; {signed}")
    return COMPLETE
