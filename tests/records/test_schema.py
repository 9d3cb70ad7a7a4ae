"""The published form of the records: committed as it is, stable in identity, and never broken within a version."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.records import KINDS, SCHEMA, Record, record_id
from tests import made
from tests.record_schemas import schema, schemas

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "schema"
Schema = dict[str, Any]


@pytest.mark.parametrize(("name", "made"), list(schemas()))
def test_the_committed_schema_is_that_of_the_code(name: str, made: Schema) -> None:
    assert json.loads((FOLDER / f"{name}.json").read_text()) == made, "run python -m tests.docs"


def test_every_committed_schema_is_of_a_kind_or_of_any_record() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {*KINDS, "record"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_says_what_it_means_and_no_reader_need_refuse_another(kind: str) -> None:
    made = schema(KINDS[kind])
    for part in (made, *made.get("$defs", {}).values()):
        assert part["description"] and "additionalProperties" not in part
        assert not [name for name, field in part["properties"].items() if len(field.get("description", "")) < 10]


def test_the_schema_of_any_record_holds_that_of_each_kind() -> None:
    record = dict(schemas())["record"]
    assert {case["then"]["$ref"] for case in record["allOf"]} == {made["$id"] for made in record["$defs"].values()}
    assert record["$defs"].keys() == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_it_is_and_what_makes_it_the_same(kind: str) -> None:
    model = KINDS[kind]
    assert model.__doc__ and model.model_fields["kind"].default == kind
    assert all(
        hasattr(model, name) or name in model.model_fields for name in (n.partition(".")[0] for n in model.IDENTITY)
    )


@pytest.mark.parametrize("record", [made.server(), made.agent(), made.instance(), made.owner(), made.diagnostic()])
def test_a_record_survives_the_wire(record: Record) -> None:
    assert type(record).model_validate_json(record.to_json()) == record
    assert json.loads(record.to_json())["schema"] == SCHEMA


def test_identities_are_what_they_always_were() -> None:
    """Receivers hold these: a change of how they are made is a change of every record ever sent."""
    assert record_id("mcp_server", "e", "dev", None, 7) == "1300036e72628ec226d0e1a40d89c834"
    assert made.server().id == made.server(observed_at="2020-01-01T00:00:00Z").id
    assert made.server().id != made.server(endpoint_id="other").id
    assert made.server("a", "/p").id != made.server("b", "/p").id


def test_a_record_is_frozen_and_takes_no_unknown_field() -> None:
    with pytest.raises(ValidationError):
        made.server().name = "other"  # type: ignore[misc]  # that it fails is asked
    with pytest.raises(ValidationError):
        made.server(password="x")


def test_an_error_about_a_record_does_not_quote_it() -> None:
    with pytest.raises(ValidationError) as failure:
        made.server(transport="Zq7planted5x")
    assert "Zq7planted5x" not in str(failure.value)


def test_time_and_evidence_are_no_facts() -> None:
    one, two = made.server(), made.server(observed_at="2020-01-01T00:00:00Z")
    assert one != two and one.same_facts(two) and one.facts() == two.facts()
    assert not one.same_facts(made.server(enabled=False))


def breaks(old: Schema, new: Schema, path: str = "") -> Iterator[str]:
    """What a reader of the old form would stumble over in the new one."""
    for name, before in old.get("properties", {}).items():
        after = new.get("properties", {}).get(name)
        if after is None:
            yield f"{path}{name}: gone"
        elif not _forms(before) >= _forms(after):
            yield f"{path}{name}: {sorted(_forms(after) - _forms(before))} is new"
    yield from (f"{path}{name}: may be absent" for name in set(old.get("required", ())) - set(new.get("required", ())))
    for name, before in old.get("$defs", {}).items():
        if name in new.get("$defs", {}):
            yield from breaks(before, new["$defs"][name], f"{path}{name}.")


def _forms(field: Schema) -> set[str]:
    """The types a value may have. New words of an enumeration are told apart by no reader that follows the protocol."""
    if "anyOf" in field:
        return set().union(*map(_forms, field["anyOf"]))
    if "$ref" in field:
        return {field["$ref"]}
    if field.get("type") == "array":
        return {f"list of {form}" for form in _forms(field.get("items", {}))}
    return {str(field.get("type", "any"))}


OLD: Schema = {
    "properties": {"a": {"type": "string"}, "b": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
    "required": ["a"],
}


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({"c": {"type": "string"}}, []),
        ({"b": {"type": "string"}}, []),
        ({"a": {"type": "string", "enum": ["x"]}}, []),
        ({"a": None}, ["a: gone"]),
        ({"a": {"type": "integer"}}, ["a: ['integer'] is new"]),
        ({"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}}, ["a: ['null'] is new"]),
    ],
)
def test_what_breaks_a_reader_is_recognised(changes: dict[str, Schema | None], broken: list[str]) -> None:
    properties = {name: field for name, field in {**OLD["properties"], **changes}.items() if field}
    assert list(breaks(OLD, {"properties": properties, "required": ["a"]})) == broken
    assert list(breaks(OLD, {**OLD, "required": []})) == ["a: may be absent"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_reader_of_the_last_release_stumbles_over_a_record(kind: str) -> None:
    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=FOLDER, capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else ""

    tag = git("describe", "--tags", "--abbrev=0", "--match", "v*")
    released = git("show", f"{tag}:./{kind}.json") if tag else ""
    if not released:
        pytest.skip("not released yet")
    old = json.loads(released)
    if old["properties"]["schema"].get("const") == SCHEMA:
        assert list(breaks(old, schema(KINDS[kind]))) == []
