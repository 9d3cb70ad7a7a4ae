"""Which controls a record, as the journal carries it, is evidence for."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_TRAIL = ("clause 9",)
"""What every other entry is: part of the trail that shows how the management system works."""


def evidence_for(record: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Ids of the controls, in the order of `controls.toml`; of a finding, its own too."""
    kind = record.get("kind") if record else None
    controls = _by_kind().get(str(kind), _TRAIL)
    own = record.get("controls") if record and kind == "finding" else None
    if not isinstance(own, list):
        return controls
    return tuple(control for control in order() if control in own or control in controls)


@cache
def order() -> tuple[str, ...]:
    """All controls."""
    return tuple(control["id"] for control in _read())


@cache
def _by_kind() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for control in _read():
        for kind in control["evidence"]:
            found[kind] = (*found.get(kind, ()), control["id"])
    # A finding says itself which controls it is about; as a nonconformity with a life it is evidence for one more.
    return {**found, "finding": ("clause 10",)}


def _read() -> list[dict[str, Any]]:
    text = (Path(__file__).parent / "controls.toml").read_text(encoding="utf-8")
    return list(tomllib.loads(text)["control"])
