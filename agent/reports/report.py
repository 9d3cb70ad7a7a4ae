"""What a report is, and which reports there are in which formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from agent.governance.agent_reach import Reach
    from agent.governance.rules.rule import Rule
    from agent.records import Action, Record, Tool
    from agent.reports.baseline import Comparison
    from agent.reports.control_evidence import ControlEvidence
    from agent.reports.difference import Difference
    from agent.reports.doctor import Told
    from agent.reports.findings import Findings
    from agent.reports.graph import Graph
    from agent.reports.html.subject import Machine
    from agent.reports.listing import Listing
    from agent.reports.owner_view.subject import OwnerView
    from agent.reports.policy import PolicyExplanation
    from agent.reports.probed import Probed
    from agent.reports.tools import ToolText
    from collectors.catalog.catalog import Catalog
    from collectors.catalog.client import Client
    from collectors.readers.explain import Explanation

S = TypeVar("S")
In = TypeVar("In", contravariant=True)


class Format(Protocol[In]):
    """One form of a report: a pure function from its subject to whole lines of text, without their ends."""

    def __call__(self, subject: In, /) -> Iterator[str]: ...


class Report(Generic[S]):
    """What a command tells of one subject: in its first format for a person, in the others for programs."""

    JSON: ClassVar[tuple[str, ...]] = ("json", "ndjson", "sarif", "cyclonedx", "ocsf")
    """The formats in which a control character is escaped and not replaced."""

    def __init__(self, places: Mapping[str, str]) -> None:
        """Module and function of each format, by the name that `--format` calls it; loaded when it is asked for."""
        self.places = places

    @property
    def formats(self) -> tuple[str, ...]:
        """Names of the formats, the one for a person first."""
        return tuple(self.places)

    def lines(self, subject: S, form: str | None = None) -> Iterator[str]:
        """The report in this format; None: the one for a person."""
        module, _, name = self.places[form or self.formats[0]].partition(":")
        rendered: Format[S] = getattr(import_module(f"agent.reports.{module}"), name)
        return rendered(subject)


INVENTORY: Report[Sequence[Record]] = Report(
    {
        "table": "table:lines",
        "all": "table:whole",
        "json": "records_json:array",
        "ndjson": "records_json:each",
        "cyclonedx": "cyclonedx:lines",
        "ocsf": "ocsf:inventory",
        "openmetrics": "openmetrics:lines",
    }
)
GRAPH: Report[Graph] = Report(
    {"text": "graph_formats:text", "dot": "graph_formats:dot", "json": "graph_formats:as_json"}
)
ACTIONS: Report[Sequence[Action]] = Report(
    {"table": "actions:lines", "json": "records_json:array", "ndjson": "records_json:each"}
)
FINDINGS: Report[Findings] = Report(
    {
        "table": "findings:lines",
        "all": "findings:each",
        "full": "findings:in_full",
        "csv": "findings:csv",
        "sarif": "sarif:lines",
        "ocsf": "ocsf:findings",
        "json": "findings:array",
        "ndjson": "findings:ndjson",
    }
)
REACH: Report[Sequence[Reach]] = Report({"text": "reach:lines", "json": "reach:as_json"})
TOOLS: Report[Sequence[Tool]] = Report(
    {"table": "tools:lines", "json": "records_json:array", "ndjson": "records_json:each"}
)
TOOL: Report[Iterable[ToolText]] = Report({"text": "tools:details"})
LIST: Report[Listing] = Report(
    {"table": "listing:lines", "csv": "listing:csv", "json": "listing:array", "ndjson": "listing:each"}
)
OWNERS: Report[Sequence[Record]] = Report(
    {"table": "owners:lines", "all": "owners:each", "csv": "owners:csv", "json": "owners:as_json"}
)
CONTROLS: Report[Sequence[Record]] = Report(
    {"text": "controls:lines", "csv": "controls:csv", "json": "controls:as_json"}
)
CONTROL_EVIDENCE: Report[ControlEvidence] = Report(
    {"text": "control_evidence:lines", "csv": "control_evidence:csv", "json": "control_evidence:as_json"}
)
POLICY: Report[PolicyExplanation] = Report(
    {"text": "policy:lines", "all": "policy:each", "csv": "policy:csv", "json": "policy:as_json"}
)
DIFFERENCES: Report[Sequence[Difference]] = Report(
    {"text": "difference:lines", "csv": "difference:csv", "json": "difference:as_json"}
)
BASELINE: Report[Comparison] = Report({"text": "baseline:lines", "csv": "baseline:csv", "json": "baseline:as_json"})
PROBED: Report[Sequence[Probed]] = Report({"text": "probed:lines", "ndjson": "probed:as_json"})
HISTORY: Report[Iterable[Mapping[str, Any]]] = Report({"text": "history:lines", "ndjson": "history:each"})
OWNER: Report[OwnerView] = Report({"text": "owner_view.text:lines", "html": "owner_view.page:lines"})
PAGE: Report[Machine] = Report({"html": "html.page:lines"})
FILES: Report[Sequence[Explanation]] = Report({"table": "file_explanation:lines", "ndjson": "file_explanation:each"})
CLIENTS: Report[Catalog] = Report({"text": "catalog:lines"})
CLIENT: Report[Client] = Report({"text": "catalog:details"})
DOCTOR: Report[Iterable[Told]] = Report({"text": "doctor:lines", "json": "doctor:as_json"})
RULES: Report[Sequence[Rule]] = Report({"text": "rules:lines"})
RULE: Report[Rule] = Report({"text": "rules:details"})
