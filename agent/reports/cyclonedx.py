"""The inventory as a bill of materials for AI (CycloneDX 1.7, ECMA-424): agents, servers, packages, models, tools."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence

from agent import __version__
from agent.records import Endpoint, Record, Summary
from agent.reports.cyclonedx_parts import Json, Parts, properties

_SCHEMA = "http://cyclonedx.org/schema/bom-1.7.schema.json"
_NAMESPACE = uuid.UUID("6f1c2c5e-6d0f-5a37-9f34-0a6a4c1d7b21")


def lines(records: Sequence[Record]) -> Iterator[str]:
    """One document, a component or service a line: the inventory of a large machine is long."""
    parts = Parts(records)
    head = {
        "$schema": _SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "serialNumber": f"urn:uuid:{_serial(records)}",
        "version": 1,
        "metadata": _metadata(records, parts.device),
    }
    yield "{"
    for name, value in head.items():
        yield f" {json.dumps(name)}: {_text(value)},"
    yield from _list("components", parts.components.values())
    yield from _list("services", parts.services.values())
    yield from _list("dependencies", parts.dependencies())
    yield f' "compositions": {_text(_compositions(records, parts.device))}'
    yield "}"


def _metadata(records: Iterable[Record], device: str) -> Json:
    endpoint = next((record for record in records if isinstance(record, Endpoint)), None)
    about: Json = {"type": "device", "bom-ref": device, "name": (endpoint and endpoint.hostname) or device}
    if endpoint:
        told = {"os": endpoint.os, "osVersion": endpoint.os_version, "arch": endpoint.arch}
        about["properties"] = properties({"endpointId": endpoint.endpoint_id, **told})
    made: Json = {
        "lifecycles": [{"phase": "operations"}],
        "tools": {"components": [{"type": "application", "name": "Rollcall", "version": __version__}]},
        "component": about,
    }
    looked_at = max((record.observed_at for record in records), default=None)
    return {"timestamp": looked_at.isoformat(), **made} if looked_at else made


def _serial(records: Sequence[Record]) -> uuid.UUID:
    """One for each look, and the same however often that is printed."""
    newest = max((record.observed_at.isoformat() for record in records), default="")
    return uuid.uuid5(_NAMESPACE, f"{records[0].endpoint_id if records else ''} {newest} {len(records)}")


def _compositions(records: Iterable[Record], device: str) -> list[Json]:
    """Whether something was not seen; that nothing is missing is never said."""
    partial = any(isinstance(record, Summary) and record.status == "partial" for record in records)
    return [{"aggregate": "incomplete" if partial else "unknown", "assemblies": [device]}]


def _list(name: str, items: Iterable[Json]) -> Iterator[str]:
    yield f' "{name}": ['
    before = None
    for item in items:
        if before is not None:
            yield f"{before},"
        before = f"  {_text(item)}"
    if before is not None:
        yield before
    yield " ],"


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
