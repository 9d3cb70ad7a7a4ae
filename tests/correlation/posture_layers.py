"""Ready-made layers of permission settings."""

from __future__ import annotations

from typing import Any

from agent.records import Posture, Source
from tests import made

P = "/srv/p"


def layer(set_by: str, approval_mode: str | None = None, **fields: Any) -> Posture:
    project = P if set_by in ("project", "local") else None
    source = Source(path=fields.pop("path", f"/{set_by}.json"), key="")
    given = {
        "owner": None if set_by == "managed" else "dev",
        "agent": "demo",
        "project": project,
        "basis": "configured",
    }
    return Posture(
        endpoint_id="e",
        observed_at=made.SEEN,
        evidence={"collector": "configs"},
        set_by=set_by,
        approval_mode=approval_mode,
        **{"source": source, **given, **fields},
    )
