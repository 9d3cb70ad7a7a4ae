"""The controls that records and findings are evidence for."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from agent.records import KINDS
from agent.records.base import Part


class Control(Part):
    """One control objective or clause."""

    id: str
    name: str
    evidence: tuple[str, ...]
    """Kinds of records that are evidence for it."""
    cannot: str
    """What an auditor wants to see and Rollcall cannot show."""
    who: str
    """Who can show that."""
    nist: tuple[str, ...] = ()
    eu: tuple[str, ...] = ()


def controls() -> list[Control]:
    """All controls, in the order of the standard."""
    text = (Path(__file__).parent / "controls.toml").read_text(encoding="utf-8")
    found = [Control.model_validate(entry) for entry in tomllib.loads(text)["control"]]
    unknown = {kind for control in found for kind in control.evidence} - KINDS.keys()
    if unknown:
        raise ValueError(f"controls.toml names unknown kinds: {', '.join(sorted(unknown))}")
    return found


_TRAIL = ("clause 9",)
"""What every other entry is: part of the trail that shows how the management system works."""


def evidence_for(record: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Ids of the controls, in the order of `controls.toml`; of a finding, its own too."""
    kind = record.get("kind") if record else None
    general = _by_kind().get(str(kind), _TRAIL)
    own = record.get("controls") if record and kind == "finding" else None
    if not isinstance(own, list):
        return general
    return tuple(control for control in order() if control in own or control in general)


@cache
def order() -> tuple[str, ...]:
    """All controls."""
    return tuple(control.id for control in controls())


@cache
def _by_kind() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for control in controls():
        for kind in control.evidence:
            found[kind] = (*found.get(kind, ()), control.id)
    # A finding says itself which controls it is about; as a nonconformity with a life it is evidence for one more.
    return {**found, "finding": ("clause 10",)}
