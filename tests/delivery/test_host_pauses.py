from __future__ import annotations

import time

from agent.delivery.batch import Batch
from agent.delivery.contract import Accepted, Outcome, Retry
from agent.delivery.host_pauses import HostPauses
from agent.delivery.sender import Sender
from agent.delivery.targets.rollcall import RollcallSettings
from agent.journal.journal import Journal


class Asked:
    """Answers as it is told, and remembers when it was asked."""

    def __init__(self, name: str, *answers: Outcome) -> None:
        self.name, self._answers = name, list(answers)
        self.at: list[float] = []

    def send(self, batch: Batch) -> Outcome:
        self.at.append(time.monotonic())
        return self._answers.pop(0) if self._answers else Accepted()

    def abort(self) -> None: ...

    def close(self) -> None: ...


def test_a_host_that_asks_for_time_gets_it_from_all_that_are_sent_there_and_from_nobody_else(journal: Journal) -> None:
    with journal.transaction() as step:
        step.append("notice", {"kind": "diagnostic"})
    pauses = HostPauses()
    busy, neighbour, other = Asked("busy", Retry("HTTP 429", 1.0)), Asked("neighbour"), Asked("other")
    senders = []
    for target, host in ((busy, "a.example"), (neighbour, "a.example"), (other, "b.example")):
        settings = RollcallSettings(name=target.name, url=f"https://{host}/x", backoff_cap=0.01)
        senders.append(Sender(journal, target, settings, pauses=pauses))
    senders[0].start()
    while not pauses.left("a.example"):
        time.sleep(0.001)
    for sender in senders[1:]:
        sender.start()
    assert all(sender.flush(20) for sender in senders)
    assert neighbour.at[0] - busy.at[0] >= 0.99
    assert other.at[0] < neighbour.at[0]
    assert pauses.left("a.example") == 0
    for sender in senders:
        sender.stop()
