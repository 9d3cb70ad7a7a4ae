"""What waits to become durable."""

from __future__ import annotations

from collectors.telemetry.inbox import Inbox, Request
from collectors.transcripts.heard import Heard
from collectors.transcripts.statement import Statement

HEARD = Heard(1000, "claude-code", "s", Statement(call="c"))


def test_senders_that_come_faster_than_anything_becomes_durable_are_asked_to_come_again() -> None:
    inbox, answers = Inbox(), []
    for _ in range(130):
        inbox.put(Request((HEARD,), answers.append))
    assert answers == [False] * 30
    assert len(inbox.take()) == 100
    inbox.confirm()
    assert answers[30:] == [True] * 100


def test_one_that_tells_more_than_is_kept_is_refused() -> None:
    inbox, answers = Inbox(), []
    inbox.put(Request((HEARD,) * 20_001, answers.append))
    assert answers == [False] and inbox.take() == []
