"""Findings as SARIF 2.1.0 (OASIS), which code scanning services and editors read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from agent import __version__
from agent.governance.rules.registry import RULES
from agent.governance.rules.rule import Rule
from agent.records import Diagnostic, Finding, Summary
from agent.records.finding import Severity
from agent.reports.findings import Findings, because
from agent.reports.place import Place

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVEL: dict[Severity, str] = {"info": "note", "low": "note", "medium": "warning", "high": "error", "critical": "error"}
_SCORE: dict[Severity, str] = {"info": "0.0", "low": "3.0", "medium": "5.0", "high": "8.0", "critical": "9.5"}
"""Within the ranges by which code scanning services name a `security-severity`."""
_FINGERPRINT = "rollcallFinding/v1"
_PROBLEM_LEVEL = {"info": "note", "warning": "warning", "error": "error"}


def lines(found: Findings) -> Iterator[str]:
    """One run: every finding is a result, its rule with its remedy beside it, and what could not be seen."""
    rules = _rules(found.chosen)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    driver = {"name": "Rollcall", "version": __version__, "semanticVersion": __version__, "rules": rules}
    head = json.dumps({"$schema": _SCHEMA, "version": "2.1.0"}, indent=1)
    yield from head.removesuffix("\n}").split("\n")
    yield ' ,"runs": [{'
    yield f'  "tool": {_text({"driver": driver})},'
    yield '  "columnKind": "unicodeCodePoints",'
    yield f'  "invocations": {_text([_invocation(found)])},'
    yield '  "results": ['
    yield from _separated(_text(_result(finding, index, found)) for finding in found.chosen)
    yield "  ]"
    yield " }]"
    yield "}"


def _rules(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    known = {rule.id: rule for rule in RULES}
    first: dict[str, Finding] = {}
    for finding in findings:
        first.setdefault(finding.rule, finding)
    return [_rule(finding, known.get(id_)) for id_, finding in sorted(first.items())]


def _rule(finding: Finding, rule: Rule | None) -> dict[str, Any]:
    """A rule of the organisation says of itself what its findings say."""
    title, severity, remedy = (
        (rule.title, rule.severity, rule.remediation)
        if rule
        else (finding.title, finding.severity, finding.remediation)
    )
    controls = ", ".join(finding.controls)
    return {
        "id": finding.rule,
        "name": "".join(word.capitalize() for word in re.split(r"[^A-Za-z0-9]+", finding.rule)),
        "shortDescription": {"text": title},
        "fullDescription": {"text": f"{title}. Evidence for {controls} of ISO/IEC 42001." if controls else title},
        "help": {"text": remedy, "markdown": f"**What to do:** {_markdown(remedy)}"},
        "defaultConfiguration": {"level": _LEVEL[severity]},
        "properties": {
            "tags": ["security", "ai", *(f"iso42001/{control}" for control in finding.controls)],
            "security-severity": _SCORE[severity],
            "problem.severity": _LEVEL[severity].replace("note", "recommendation"),
            "precision": "high",
        },
    }


def _result(finding: Finding, index: Mapping[str, int], found: Findings) -> dict[str, Any]:
    shown = "; ".join(because(finding))
    place = found.place(finding)
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _LEVEL[finding.severity],
        "message": {"text": f"{finding.title}: {finding.subject}{f' ({shown})' if shown else ''}"},
        "partialFingerprints": {_FINGERPRINT: finding.id},
        "locations": [_location(finding, place)],
        "properties": _properties(finding),
    }
    if finding.state == "acknowledged":
        reason = finding.exception or "a policy exception"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": reason}]
    return result


def _location(finding: Finding, place: Place | None) -> dict[str, Any]:
    name = {"name": finding.subject, "kind": "object"}
    if place and place.key:
        name["fullyQualifiedName"] = place.key
    location: dict[str, Any] = {"logicalLocations": [name]}
    if place:
        physical: dict[str, Any] = {"artifactLocation": {"uri": file_uri(place.path)}}
        if place.line:
            physical["region"] = {"startLine": place.line}
        location["physicalLocation"] = physical
    return location


def file_uri(path: str) -> str:
    """A `file:` address; of a path of another system as it is there."""
    slashed = path.replace("\\", "/") if path[1:3] == ":\\" else path
    return "file://" + quote(slashed if slashed.startswith("/") else f"/{slashed}", safe="/:")


def _properties(finding: Finding) -> dict[str, Any]:
    told = {
        "severity": finding.severity,
        "state": finding.state,
        "owner": finding.owner,
        "agent": finding.agent,
        "accountable": finding.accountable,
        "openedAt": finding.opened_at.isoformat(),
        "controls": list(finding.controls),
    }
    return {name: value for name, value in told.items() if value}


def _invocation(found: Findings) -> dict[str, Any]:
    """What could not be seen: no result there is no proof that nothing is there."""
    summaries = [record for record in found.records.values() if isinstance(record, Summary)]
    told = [_notification(record) for record in found.records.values() if isinstance(record, Diagnostic)]
    return {
        "executionSuccessful": all(summary.status == "complete" for summary in summaries),
        "toolExecutionNotifications": told,
    }


def _notification(record: Diagnostic) -> dict[str, Any]:
    told: dict[str, Any] = {
        "level": _PROBLEM_LEVEL[record.severity],
        "message": {"text": f"{record.message} [{record.code}]"},
        "descriptor": {"id": record.code},
    }
    if record.path:
        physical: dict[str, Any] = {"artifactLocation": {"uri": file_uri(record.path)}}
        if record.line:
            physical["region"] = {"startLine": record.line}
        told["locations"] = [{"physicalLocation": physical}]
    return told


def _markdown(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|!])", r"\\\1", text)


def _separated(items: Iterable[str]) -> Iterator[str]:
    before = None
    for item in items:
        if before is not None:
            yield f"   {before},"
        before = item
    if before is not None:
        yield f"   {before}"


def _text(value: dict[str, Any] | Sequence[Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
