"""The inventory in numbers, as OpenMetrics text: what is here, how grave the findings are, whether all was seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from agent import __version__
from agent.records import AiAgent, Artifact, Diagnostic, Finding, Instance, McpServer, Record, Summary
from agent.records.finding import SEVERITIES
from agent.runtime.openmetrics import Metric
from agent.runtime.openmetrics import lines as written

R = TypeVar("R", bound=Record)
Labels = dict[str, str]


def lines(records: Sequence[Record]) -> Iterator[str]:
    """Gauges only: no name that a file's author chose is a label, so there are never more than the catalog's."""
    return written(_metrics(records))


def _metrics(records: Sequence[Record]) -> Iterator[Metric]:
    yield Metric("rollcall_build_info", "The Rollcall that looked.", [({"version": __version__}, 1)])
    yield _count("rollcall_agents", "AI agents, by client.", records, AiAgent, _agent)
    yield _count("rollcall_mcp_servers", "MCP server definitions.", records, McpServer, _server)
    yield _count("rollcall_instances", "Running agents and MCP servers.", records, Instance, _instance)
    yield _count("rollcall_artifacts", "Skills, hooks, plug-ins and the like.", records, Artifact, _artifact)
    found = [record for record in records if isinstance(record, Finding)]
    counts: Counter[tuple[str, ...]] = Counter((f.rule, f.severity, f.state) for f in found)
    named = ("rule", "severity", "state")
    yield Metric("rollcall_findings", "Findings, by rule.", _samples(named, counts))
    open_ones = Counter(finding.severity for finding in found if finding.state in ("open", "reopened"))
    by_severity = [({"severity": severity}, float(open_ones[severity])) for severity in SEVERITIES]
    yield Metric("rollcall_open_findings", "Findings that nobody resolved or acknowledged.", by_severity)
    yield _count("rollcall_diagnostics", "What could not be seen.", records, Diagnostic, _diagnostic)
    for summary in (record for record in records if isinstance(record, Summary)):
        complete = float(summary.status == "complete")
        yield Metric("rollcall_look_complete", "Whether everything within the scope was seen.", [({}, complete)])
        seconds = summary.duration_seconds
        yield Metric("rollcall_look_duration_seconds", "How long the look took.", [({}, seconds)])
        at = summary.observed_at.timestamp()
        yield Metric("rollcall_look_timestamp_seconds", "When it ended.", [({}, at)])


def _agent(record: AiAgent) -> Labels:
    return {"agent": record.agent, "running": _yes(record.running), "sanction": record.sanction}


def _server(record: McpServer) -> Labels:
    told = {"agent": record.agent, "transport": record.transport, "scope": record.scope, "sanction": record.sanction}
    return {**told, "effective": _yes(record.effective)}


def _instance(record: Instance) -> Labels:
    defined = record.subject == "agent" or bool(record.server_ids)
    return {"subject": record.subject, "agent": record.agent or "", "defined": _yes(defined)}


def _artifact(record: Artifact) -> Labels:
    return {"agent": record.agent, "artifact": record.artifact}


def _diagnostic(record: Diagnostic) -> Labels:
    return {"code": record.code, "severity": record.severity}


def _count(name: str, help: str, records: Iterable[Record], kind: type[R], labels: Callable[[R], Labels]) -> Metric:
    counts = Counter(tuple(labels(record).items()) for record in records if isinstance(record, kind))
    return Metric(name, help, [(dict(pairs), float(count)) for pairs, count in sorted(counts.items())])


def _samples(names: Sequence[str], counts: Mapping[tuple[str, ...], int]) -> list[tuple[Labels, float]]:
    return [(dict(zip(names, values, strict=True)), float(count)) for values, count in sorted(counts.items())]


def _yes(flag: bool) -> str:
    return "true" if flag else "false"
