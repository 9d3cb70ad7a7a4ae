"""Every kind of record as an OCSF event, held against the published schema of the version that it names."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema
import pytest
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from agent.records import Action, Evidence, Record
from agent.records.ocsf import VERSION, Teller, event
from tests import made
from tests.reports.golden_records import hostile, records
from tests.reports.test_findings import finding

BY = Teller("e1", "1.0", "laptop", "linux", "6.1")


@cache
def schema() -> OcsfJsonSchemaEmbedded:
    return OcsfJsonSchemaEmbedded(get_ocsf_schema(version=VERSION))


@cache
def validator(class_uid: int) -> Any:
    name = schema().lookup_class_name_from_uid(class_uid)
    return jsonschema.Draft202012Validator(schema().get_class_schema(class_name=name, profiles=["host"]))


def told(record: Record, **of_entry: str) -> dict[str, Any]:
    made_event = event(json.loads(record.to_json()), BY, **of_entry)
    assert [error.message for error in validator(made_event["class_uid"]).iter_errors(made_event)] == []
    assert made_event["metadata"]["profiles"] == ["host"]
    assert made_event["type_uid"] == made_event["class_uid"] * 100 + made_event["activity_id"]
    return made_event


def action(**fields: Any) -> Action:
    given = {"agent": "demo", "action": "mcp", "mcp_server": "files", "mcp_tool": "read", "call_id": "c1", **fields}
    return Action(endpoint_id="e1", owner="dev", evidence=Evidence(collector="actions"), **given)


@pytest.mark.parametrize("look", ["linux", "windows", "hostile"])
def test_every_record_is_a_valid_event(look: str) -> None:
    seen = {record.kind: told(record) for record in (hostile() if look == "hostile" else records(look))}
    assert {"finding", "ai_agent", "mcp_server", "owner", "posture", "connection", "summary"} <= seen.keys()
    assert {event["metadata"]["version"] for event in seen.values()} == {VERSION}


def test_a_finding_is_a_compliance_finding_with_its_remedy_and_its_end() -> None:
    opened = told(finding(severity="critical", controls=("A.6",)), op="discovered", at="2026-03-01T00:00:00+00:00")
    assert (opened["class_uid"], opened["activity_id"], opened["severity_id"]) == (2003, 1, 5)
    assert opened["time"] == 1_772_323_200_000
    assert opened["compliance"]["requirements"] == ["A.6"] and opened["compliance"]["status"] == "Fail"
    closed = told(finding(state="resolved"), op="changed")
    assert (closed["activity_id"], closed["status"], closed["compliance"]["status"]) == (3, "Resolved", "Pass")
    assert told(finding(state="acknowledged"), op="changed")["status"] == "Suppressed"
    assert closed["finding_info"]["uid"] == opened["finding_info"]["uid"]


def test_a_server_names_its_package() -> None:
    package = told(made.server("files", package="pkg:npm/%40acme/x@1.2.0"))["package"]
    assert package == {"name": "x", "version": "1.2.0", "purl": "pkg:npm/%40acme/x@1.2.0"}
    assert "package" not in told(made.server("files", package="pkg:npm/%40acme/x"))


def test_an_action_is_a_call_of_its_agent_for_its_owner() -> None:
    call = told(action(result="error", decision="denied"))
    assert call["class_uid"] == 6003 and call["actor"] == {"app_name": "demo", "user": {"name": "dev"}}
    assert call["api"] == {"operation": "read", "service": {"name": "files"}}
    assert call["status"] == "Failure" and call["unmapped"]["rollcall"]["decision"] == "denied"
