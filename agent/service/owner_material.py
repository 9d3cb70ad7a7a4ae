"""What there is of one account: its records and no others, and what the settings do with them."""

from __future__ import annotations

from dataclasses import replace

from agent.config.error import ConfigError
from agent.config.paths import state_dir
from agent.config.settings import Settings
from agent.inventory.behaviour import NAME as ACTIONS
from agent.journal.journal import FILE
from agent.reports.owner_view.subject import Keeping, OwnerView
from agent.service.report_material import machine


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
    collect = settings.collect
    return Keeping(
        journal=None if root else _journal(settings),
        days=settings.journal.keep_days,
        sent_to=[f"{target.name} ({target.destination})" for target in settings.target],
        actions="off" if ACTIONS in collect.disabled else collect.actions,
        programs=collect.action_programs,
        transcripts=collect.transcripts,
        people=collect.people,
    )


def _journal(settings: Settings) -> str | None:
    file = state_dir(settings) / FILE
    try:
        return str(file) if file.exists() else None
    except OSError:
        # Its folder is closed to whoever asks: it is the daemon's.
        return str(file)
