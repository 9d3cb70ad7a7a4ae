"""`rollcall report`: what people look at away from the terminal, and what a person may see of themself."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.audit import moment
from agent.cli.common import COMPLETE, Shared, declare, progress, write
from agent.reports.report import OWNER, PAGE
from agent.runtime.terminal import tell

if TYPE_CHECKING:
    from agent.cli.common import Commands


def add(commands: Commands) -> None:
    """Declare `report`."""
    report = commands.add_parser("report", help="pages and files for those who decide, audit, or are looked at")
    report.add_argument("--html", type=Path, metavar="FILE", help="one page that shows everything, for any browser")
    report.add_argument(
        "--owner", metavar="NAME", help="what is known of one account, in plain words; as a page with --html"
    )
    report.add_argument(
        "--evidence", type=Path, metavar="DIR|ZIP", help="what an auditor files: registers, findings, journal, proof"
    )
    report.add_argument("--since", type=moment, metavar="TIME", help="of --evidence: not before, as 2026-11-23")
    report.add_argument("--until", type=moment, metavar="TIME", help="of --evidence: before")
    declare(report, _report, ("root",))


def _report(shared: Shared, given: argparse.Namespace) -> int:
    from agent.config.error import ConfigError

    if given.evidence:
        if given.html or given.owner or shared.root:
            raise ConfigError("--evidence is about this machine and its journal; it takes no --html, --owner or --root")
        return _evidence(shared, given)
    if given.since or given.until:
        raise ConfigError("--since and --until are for --evidence; the others show what is there now")
    if given.owner:
        return _owner(shared, given.owner, given.html)
    if given.html:
        return _page(shared, given.html)
    raise ConfigError("which report? give --html, --owner or --evidence")


def _page(shared: Shared, file: Path) -> int:
    from agent.reports.output import emit
    from agent.service.report_material import machine

    with progress():
        emit(PAGE.lines(machine(shared.settings(), shared.root)), file)
    tell(f"rollcall: {file}: open it in a browser")
    return COMPLETE


def _owner(shared: Shared, owner: str, file: Path | None) -> int:
    from agent.reports.output import emit
    from agent.service.owner_material import owner_view

    with progress():
        view = owner_view(shared.settings(), shared.root, owner)
    if file is None:
        write(OWNER, view, shared)
        return COMPLETE
    emit(OWNER.lines(view, "html"), file)
    tell(f"rollcall: {file}: open it in a browser")
    return COMPLETE


def _evidence(shared: Shared, given: argparse.Namespace) -> int:
    from agent.service.evidence_material import material
    from agent.service.evidence_pack import write as write_pack

    with progress():
        made = material(shared.settings(), given.since, given.until)
        write_pack(made, given.evidence)
    signed = f"signed with key {made.key.public.id}" if made.key else "NOT signed: the endpoint's key is not readable"
    tell(f"rollcall: {given.evidence}: begin with index.html; {signed}")
    return COMPLETE
