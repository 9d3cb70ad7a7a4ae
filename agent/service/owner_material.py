"""What there is of one account: its records and no others, and what the settings do with them."""

from __future__ import annotations

from dataclasses import replace

from agent.config.error import ConfigError
from agent.config.paths import state_dir
from agent.config.settings import Settings
from agent.inventory.behaviour import NAME as ACTIONS
from agent.inventory.settings import ActionDetail, CollectSettings
from agent.journal.journal import FILE
from agent.reports.owner_view.subject import Keeping, OwnerView
from agent.runtime.capabilities import reads_all_accounts
from agent.service.report_material import machine

_MOST_FIRST: tuple[ActionDetail, ...] = ("full", "counts", "off")


def owner_view(settings: Settings, root: str | None, owner: str) -> OwnerView:
    """Raises `ConfigError` where nothing is known of such an account."""
    whole = machine(settings, root)
    own = [record for record in whole.records if record.owner == owner]
    if not own:
        known = sorted({record.owner for record in whole.records if record.owner})
        raise ConfigError(f"nothing is known of an account {owner}; known are {', '.join(known) or 'none'}")
    about = replace(
        whole,
        records=own,
        events=[event for event in whole.events if event.owner == owner],
        activities=[done for done in whole.activities if done.owner == owner],
    )
    return OwnerView(owner, about, _keeping(settings, root))


def _keeping(settings: Settings, root: str | None) -> Keeping:
    return Keeping(
        journal=None if root else _journal(settings),
        whole=not root and reads_all_accounts(),
        days=settings.journal.keep_days,
        sent_to=[f"{target.name} ({target.destination})" for target in settings.target],
        actions=_actions(settings.collect),
        programs=settings.collect.action_programs,
    )


def _actions(collect: CollectSettings) -> ActionDetail:
    """The most that is told of any client's actions."""
    transcripts = collect.transcripts and ACTIONS not in collect.disabled
    if not (transcripts or collect.telemetry_port):
        return "off"
    told = (collect.actions, *collect.client_actions.values())
    return next((detail for detail in _MOST_FIRST if detail in told), "off")


def _journal(settings: Settings) -> str | None:
    file = state_dir(settings) / FILE
    try:
        return str(file) if file.exists() else None
    except OSError:
        # Its folder is closed to whoever asks: it is the daemon's.
        return str(file)
