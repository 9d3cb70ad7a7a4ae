"""The observed posture of clients whose transcripts name a mode only with their actions."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

from agent.records import Evidence, Posture
from agent.records.posture import ApprovalMode, least_safe
from agent.records.supervision import Supervision
from collectors.contract import Context

_ORDER: tuple[ApprovalMode, ...] = get_args(ApprovalMode)
_LATEST = timedelta(days=7)
"""A mode that was used so long before the last one still counts: else a bypass would be hidden by one session more."""


def observed_mode(context: Context, seen: Supervision) -> Posture | None:
    """What an agent's last sessions in a project ran with. None where no mode is told, or where the sessions' own
    collector tells it, with sandbox and network."""
    client = context.catalog.clients.get(seen.agent)
    if client is None or client.actions is None or not seen.modes or any(one.line for one in client.transcript):
        return None
    newest = max(mode.last_at for mode in seen.modes)
    latest = [mode for mode in seen.modes if newest - mode.last_at <= _LATEST]
    meaning = {mode.mode: client.actions.modes.get(mode.mode, "unknown") for mode in latest}
    least = least_safe(_ORDER, meaning.values())
    proof = max((mode for mode in latest if meaning[mode.mode] == least), key=lambda mode: mode.last_at)
    return Posture(
        endpoint_id=seen.endpoint_id,
        owner=seen.owner,
        observed_at=proof.last_at,
        evidence=Evidence(collector=seen.evidence.collector),
        basis="observed",
        agent=seen.agent,
        project=seen.project,
        set_by="session",
        approval_mode=least,
    )
