"""The JSON Schemas of the records, made from the models."""

from __future__ import annotations

from typing import Any

from agent.records import Record

_ALWAYS = ("schema", "kind", "id", "observed_at")
"""Fields that have a default in code, and that every record on the wire has."""


def schema(model: type[Record]) -> dict[str, Any]:
    """The JSON Schema of one kind of record as it is on the wire."""
    made = model.model_json_schema(by_alias=True, mode="serialization")
    made["required"] = [*_ALWAYS, *made["required"]]
    return made
