"""What does not conform: each finding, some in full, and whether there is one that a pipeline must stop at."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, FINDINGS, SEVERITIES, Shared, declare, known_records, patterns, write
from agent.reports import report

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from agent.cli.common import Commands
    from agent.records import Finding, Record
    from agent.records.finding import Severity

_WITH_LINES = ("full", "csv", "sarif")
_SORTS = ("severity", "agent", "owner", "rule", "subject", "opened")


def add(commands: Commands) -> None:
    """Declare `findings`."""
    findings = commands.add_parser("findings", help="what does not conform, the gravest first")
    findings.add_argument("ids", nargs="*", metavar="ID", help="id, its beginning, or a rule: shown in full")
    findings.add_argument("--severity", choices=SEVERITIES, default="low", help="this one and graver; default: low")
    patterns(findings, "agent", "owner", "project")
    findings.add_argument(
        "--kind", default="*", metavar="PATTERN", help="only about this kind of record, such as mcp_server; may hold *"
    )
    findings.add_argument("--sort", choices=_SORTS, default="severity", help="default: severity")
    declare(findings, _findings, ("root", "output", "all", "fail_on"), report.FINDINGS.formats)


def verdict(records: Sequence[Record], severity: Severity | None, otherwise: int) -> int:
    """The exit status: FINDINGS where something open is as grave as `severity`."""
    if severity is None:
        return otherwise
    from agent.reports.findings import at_least, wanting

    return FINDINGS if at_least(wanting(records), severity) else otherwise


def _findings(shared: Shared, given: argparse.Namespace) -> int:
    from agent.config.error import ConfigError
    from agent.reports.findings import Findings, at_least, named, wanting

    records = known_records(shared)
    by_id = {record.id: record for record in records}
    if given.ids:
        chosen = named(records, given.ids)
        if not chosen:
            raise ConfigError(f"no finding {' or '.join(given.ids)}")
        shared = shared._replace(format=shared.format or "full")
    else:
        asked = at_least(wanting(records), given.severity)
        chosen = [finding for finding in asked if _is_meant(finding, by_id.get(finding.subject_id), given)]
    if given.sort != "severity":
        chosen.sort(key=lambda finding: _key(finding, given.sort))
    lines = _lines(chosen, by_id, shared) if shared.format in _WITH_LINES else {}
    write(report.FINDINGS, Findings(chosen, by_id, lines), shared)
    return verdict(chosen, shared.fail_on, COMPLETE)


def _key(finding: Finding, sort: str) -> str:
    return str(getattr(finding, "opened_at" if sort == "opened" else sort) or "")


def _lines(chosen: Sequence[Finding], by_id: Mapping[str, Record], shared: Shared) -> Mapping[str, int]:
    from agent.service.lines import lines_of

    return lines_of(chosen, by_id, shared.settings(), shared.root)


def _is_meant(finding: Finding, subject: Record | None, given: argparse.Namespace) -> bool:
    told = {
        "agent": finding.agent,
        "owner": finding.owner,
        "project": getattr(subject, "project", None),
        "kind": subject.kind if subject else None,
    }
    return all(fnmatchcase(value or "", getattr(given, name)) for name, value in told.items())
