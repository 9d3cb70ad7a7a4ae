"""Whether what the catalog says about a client holds for one version of it."""

from __future__ import annotations

from typing import get_args

from agent.records import Posture
from agent.records.posture import ApprovalMode, least_safe
from collectors.catalog.permissions import Permissions
from collectors.catalog.version_numbers import padded, release

_MODES: tuple[ApprovalMode, ...] = get_args(ApprovalMode)


def is_known(version: str | None, client: Permissions) -> bool | None:
    """Whether it is like the versions that were checked: not older than the first, and of no newer major version (0.x:
    minor) than the last. None where that cannot be said."""
    runs = release(version or "")
    oldest, newest = (release(text) for text in client.versions or ("", ""))
    if runs is None or oldest is None or newest is None:
        return None
    same = 2 if newest[0] == 0 else 1
    return padded(runs) >= padded(oldest) and runs[:same] <= newest[:same]


def as_of(version: str | None, configured: Posture) -> Posture:
    """The layer as a client of this version reads it: a mode that it may no longer know is unknown, unless what is
    known of it is worse."""
    if configured.mode_until is None or configured.approval_mode is None:
        return configured
    runs, until = release(version or ""), release(configured.mode_until)
    if runs and until and padded(runs) < padded(until):
        return configured
    return configured.changed(approval_mode=least_safe(_MODES, (configured.approval_mode, "unknown")))
