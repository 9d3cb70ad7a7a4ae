from __future__ import annotations

from agent.delivery.standing import once_each
from agent.journal.journal import Journal


def test_what_stands_is_told_once_whoever_sees_it_and_again_when_it_begins_anew(journal: Journal) -> None:
    told: list[str] = []
    for message in ("exposed", "exposed", None, "exposed", "exposed more"):
        # Each time as a process that was started for one heartbeat would.
        once_each(journal, "central", lambda _, text: told.append(text))("delivery.token_exposed", message)
    assert told == ["exposed", "exposed", "exposed more"]
    once_each(journal, "other", lambda _, text: told.append(text))("delivery.token_exposed", "exposed")
    assert len(told) == 4
