"""The delivery targets, by type: one line registers one."""

from __future__ import annotations

from collections.abc import Callable

from agent.delivery.contract import Notice, Target, ignore
from agent.delivery.sender import Sender
from agent.delivery.settings import TargetSettings
from agent.delivery.targets.rollcall import RollcallHttp
from agent.journal.journal import Journal

TARGETS: dict[str, Callable[[TargetSettings, Notice], Target]] = {"rollcall": RollcallHttp}


def make_sender(journal: Journal, settings: TargetSettings, on_notice: Notice = ignore) -> Sender:
    """A sender for one configured target, not started yet."""
    return Sender(journal, TARGETS[settings.type](settings, on_notice), settings, on_notice)
