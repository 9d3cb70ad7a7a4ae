"""How the model comes to call a tool, in words."""

from __future__ import annotations

from agent.records.tool import ToolExposure

EXPOSED: dict[ToolExposure, str] = {
    "allowed": "runs unasked",
    "unknown": "not known whether somebody is asked",
    "ask": "somebody is asked",
    "denied": "refused",
    "filtered": "not shown to the model",
}
LEAST_SAFE = list(EXPOSED)
"""The least safe first."""
