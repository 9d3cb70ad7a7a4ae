"""Senders as the settings want them."""

from __future__ import annotations

from pathlib import Path

from agent.delivery.contract import Tell, say_nothing
from agent.delivery.enrolled import EnrolledTarget, is_enrolled
from agent.delivery.host_pauses import HostPauses
from agent.delivery.sender import Sender
from agent.delivery.settings import TargetSettings
from agent.delivery.standing import once_each
from agent.delivery.targets.registry import target_type
from agent.delivery.targets.rollcall import RollcallSettings
from agent.journal.journal import Journal


def make_sender(
    journal: Journal, settings: TargetSettings, tell: Tell = say_nothing, pauses: HostPauses | None = None
) -> Sender:
    """A sender for one configured target, not started yet; `pauses` is what it shares with others."""
    make, notice = target_type(settings.type).make, once_each(journal, settings.name, tell)
    folder = Path(journal.database.place).parent
    if isinstance(settings, RollcallSettings) and is_enrolled(settings, folder):
        return Sender(journal, EnrolledTarget(settings, journal, folder, make, notice), settings, tell, pauses)
    return Sender(journal, make(settings, notice), settings, tell, pauses)
