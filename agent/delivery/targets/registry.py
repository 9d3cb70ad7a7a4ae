"""The delivery targets, by type: one line registers one."""

from __future__ import annotations

from collections.abc import Callable

from agent.delivery.contract import Notice, Target, Tell, say_nothing
from agent.delivery.sender import Sender
from agent.delivery.settings import TargetSettings
from agent.delivery.standing import once_each
from agent.delivery.targets.rollcall import RollcallHttp
from agent.journal.journal import Journal

TARGETS: dict[str, Callable[[TargetSettings, Notice], Target]] = {"rollcall": RollcallHttp}


def make_sender(journal: Journal, settings: TargetSettings, tell: Tell = say_nothing) -> Sender:
    """A sender for one configured target, not started yet."""
    target = TARGETS[settings.type](settings, once_each(journal, settings.name, tell))
    return Sender(journal, target, settings, tell)
