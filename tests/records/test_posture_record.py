"""Which postures are one and the same record."""

from __future__ import annotations

from typing import Any

import pytest

from agent.records import KINDS, Approval, Posture, Source
from agent.records.posture import Rule, least_safe
from tests.made import SEEN


def posture(**fields: Any) -> Posture:
    given = {"basis": "configured", "agent": "demo", "set_by": "user", "source": Source(path="/a", key=""), **fields}
    return Posture(endpoint_id="e", observed_at=SEEN, evidence={"collector": "configs"}, **given)


@pytest.mark.parametrize(
    "other", [{"source": Source(path="/b", key="")}, {"source": Source(path="/a", key="k")}, {"project": "/p"}]
)
def test_each_place_in_a_file_is_a_record_of_its_own(other: dict[str, Any]) -> None:
    assert posture().id != posture(**other).id
    assert posture().id == posture(approval_mode="bypasses").id


def test_an_effective_posture_stays_the_same_record_whoever_decides() -> None:
    before = posture(basis="effective", source=None, set_by="default")
    after = posture(basis="effective", set_by="managed", approval_mode="bypasses")
    assert before.id == after.id
    assert before.id != posture().id


def test_each_process_has_its_own_observed_posture() -> None:
    one, two = (posture(basis="observed", instance_id=i, source=None) for i in ("1", "2"))
    assert one.id != two.id


def test_the_least_safe_of_nothing_is_nothing() -> None:
    assert least_safe(("full", "none"), []) is None
    assert least_safe(("full", "none"), ["none", "full"]) == "none"


def test_a_record_survives_the_way_through_json() -> None:
    one = posture(
        rules=(Rule(effect="allow", subject="tool", pattern="x", set_by="user"),), permitted_modes=("unknown",)
    )
    assert KINDS["posture"].model_validate_json(one.to_json()) == one
    fields = {"agent": "demo", "server_id": "s", "server": "x", "state": "pending"}
    two = Approval(endpoint_id="e", observed_at=SEEN, evidence={"collector": "configs"}, **fields)
    assert KINDS["approval"].model_validate_json(two.to_json()) == two
