"""One field of a record, before and after."""

from __future__ import annotations

from typing import Any

from agent.records.base import Part


class FieldChange(Part):
    """One field of a record before and after."""

    field: str
    before: Any = None
    after: Any = None
