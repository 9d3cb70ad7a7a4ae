"""What does not conform: each finding, one in full, and whether there is one that a pipeline must stop at."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, FINDINGS, Shared, declare, progress, write
from agent.reports import report

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from agent.cli.common import Commands
    from agent.records import Finding, Record
    from agent.records.finding import Severity

_WITH_LINES = ("full", "csv", "sarif")
SEVERITIES = ("info", "low", "medium", "high", "critical")


def add(commands: Commands) -> None:
    """Declare `findings`."""
    findings = commands.add_parser("findings", help="what does not conform, the gravest first")
    findings.add_argument("ids", nargs="*", metavar="ID", help="id, its beginning, or a rule: shown in full")
    findings.add_argument("--severity", choices=SEVERITIES, default="low", help="this one and graver; default: low")
    findings.add_argument("--agent", default="*", metavar="PATTERN", help="only of this agent; may hold *")
    findings.add_argument("--owner", default="*", metavar="PATTERN", help="only of this account; may hold *")
    fail_on(findings)
    declare(findings, _findings, ("root", "output"), report.FINDINGS.formats)


def fail_on(parser: argparse.ArgumentParser) -> None:
    """The option of a pipeline that must stop at a finding."""
    parser.add_argument(
        "--fail-on", choices=SEVERITIES, help="exit status 4 where a finding is as grave as this, or graver"
    )


def verdict(records: Sequence[Record], severity: Severity | None, otherwise: int) -> int:
    """The exit status: FINDINGS where something open is as grave as `severity`."""
    if severity is None:
        return otherwise
    from agent.reports.findings import at_least, wanting

    return FINDINGS if at_least(wanting(records), severity) else otherwise


def _findings(shared: Shared, given: argparse.Namespace) -> int:
    from agent.reports.findings import Findings, at_least, wanting
    from agent.service import known_inventory

    settings = shared.settings()
    with progress():
        records = known_inventory.inventory(settings, shared.root).records
    if given.ids:
        chosen = _named(records, given.ids)
        shared = shared._replace(format=shared.format or "full")
    else:
        chosen = [
            finding
            for finding in at_least(wanting(records), given.severity)
            if fnmatchcase(finding.agent or "", given.agent) and fnmatchcase(finding.owner or "", given.owner)
        ]
    by_id = {record.id: record for record in records}
    lines = {}
    if shared.format in _WITH_LINES:
        from agent.service.lines import lines_of

        about = dict.fromkeys(finding.subject_id for finding in chosen)
        lines = lines_of((by_id[id_] for id_ in about if id_ in by_id), settings, shared.root)
    write(report.FINDINGS, Findings(chosen, by_id, lines), shared)
    return verdict(chosen, given.fail_on, COMPLETE)


def _named(records: list[Record], ids: list[str]) -> list[Finding]:
    """Findings by id, its beginning, or rule. Raises `ConfigError` where there is none."""
    from agent.config.error import ConfigError
    from agent.records import Finding

    known = [record for record in records if isinstance(record, Finding)]
    found = [f for f in known if any(f.rule == id_ or f.id.startswith(id_) for id_ in ids)]
    if not found:
        raise ConfigError(f"no finding {' or '.join(ids)}")
    return found
