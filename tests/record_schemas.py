"""The JSON Schemas of the records, made from the models and the docstrings of their fields."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from agent.records import KINDS, Part, Record

Schema = dict[str, Any]

_ALWAYS = ("schema", "kind", "id", "observed_at")
"""Fields that have a default in code, and that every record on the wire has."""


def schemas() -> Iterator[tuple[str, Schema]]:
    """Name and JSON Schema of each kind of record, and of `record`, which is any of them."""
    for kind, model in KINDS.items():
        yield kind, schema(model)
    yield "record", _any_record()


def schema(model: type[Record]) -> Schema:
    """The JSON Schema of one kind of record as it is on the wire: a reader takes fields that it does not know."""
    made = model.model_json_schema(by_alias=True, mode="serialization")
    parts = {part.__name__: part for part in _parts(Part)}
    _describe(made, model)
    for name, part in made.get("$defs", {}).items():
        _describe(part, parts[name])
    made["required"] = [*_ALWAYS, *made["required"]]
    kind = made["properties"]["kind"]["const"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": _id(kind), **made}


def _any_record() -> Schema:
    """By the kind that it names: of a kind that is not known, nothing is asked."""
    cases = [{"if": {"properties": {"kind": {"const": kind}}}, "then": {"$ref": _id(kind)}} for kind in KINDS]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": _id("record"),
        "title": "Record",
        "description": "Any record. One of a kind that is not listed here is of a newer version.",
        "type": "object",
        "properties": {"kind": {"type": "string", "description": field_docstrings(Record)["kind"]}},
        "required": ["kind"],
        "allOf": cases,
        "$defs": {kind: schema(model) for kind, model in KINDS.items()},
    }


def _id(name: str) -> str:
    return f"urn:rollcall:1:{name}"


def _describe(made: Schema, model: type[Part]) -> None:
    """With what the code says of each field, and open for fields of newer versions."""
    made.pop("additionalProperties", None)
    told = {name: text for base in reversed(model.__mro__) for name, text in field_docstrings(base).items()}
    for name, field in model.model_fields.items():
        if text := told.get(name):
            made["properties"][field.alias or name]["description"] = text


def field_docstrings(model: type) -> dict[str, str]:
    """What stands below each field of a class of ours, in one line."""
    if not issubclass(model, Part):
        return {}
    tree = ast.parse(inspect.getsource(sys.modules[model.__module__]))
    (body,) = [node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == model.__name__]
    return {
        field.target.id: " ".join(below.value.value.split())
        for field, below in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str)
    }


def _parts(model: type[Part]) -> Iterator[type[Part]]:
    for part in model.__subclasses__():
        yield part
        yield from _parts(part)
