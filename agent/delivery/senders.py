"""Senders as the settings want them."""

from __future__ import annotations

from agent.delivery.contract import Tell, say_nothing
from agent.delivery.sender import Sender
from agent.delivery.settings import TargetSettings
from agent.delivery.standing import once_each
from agent.delivery.targets.registry import target_type
from agent.journal.journal import Journal


def make_sender(journal: Journal, settings: TargetSettings, tell: Tell = say_nothing) -> Sender:
    """A sender for one configured target, not started yet."""
    target = target_type(settings.type).make(settings, once_each(journal, settings.name, tell))
    return Sender(journal, target, settings, tell)
