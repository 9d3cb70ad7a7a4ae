"""Periodic tasks: when each is due, and how one that is done comes due again."""

from __future__ import annotations

import pytest

from agent.config.settings import DaemonSettings
from agent.inventory.settings import CollectSettings
from agent.service import schedule
from agent.service.schedule import Schedule


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    at = [1000.0]
    monkeypatch.setattr(schedule.time, "monotonic", lambda: at[0])
    return at


def made(policy_seconds: float = 2) -> Schedule:
    collect = CollectSettings(process_seconds=1, socket_seconds=10, reconcile_seconds=100)
    return Schedule(collect, DaemonSettings(heartbeat_seconds=300), lambda: policy_seconds)


def test_a_task_is_due_after_its_own_interval_and_once(now: list[float]) -> None:
    tasks = made()
    tasks.again("processes", "heartbeat", "policy")
    assert (tasks.due(), tasks.next()) == (set(), 1001)
    now[0] += 1
    assert tasks.due() == {"processes"}
    tasks.again("processes")
    assert tasks.due() == set()
    now[0] += 299
    assert tasks.due() == {"processes", "heartbeat", "policy"}


def test_a_collector_without_an_interval_of_its_own_is_asked_as_often_as_sockets(now: list[float]) -> None:
    tasks = made()
    tasks.again("third-party")
    assert tasks.next() == now[0] + 10


def test_machines_that_started_together_do_not_reconcile_together(now: list[float]) -> None:
    def first() -> float:
        tasks = made()
        tasks.again("reconcile")
        return tasks.next() - now[0]

    intervals = {first() for _ in range(50)}
    assert len(intervals) > 10
    assert all(90 <= interval <= 110 for interval in intervals)


def test_what_was_never_scheduled_is_due(now: list[float]) -> None:
    assert made().is_due("watchdog")


def test_what_was_costly_rests_whoever_asks_for_it(now: list[float]) -> None:
    tasks = made()
    tasks.again("processes", "actions")
    tasks.ask({"actions"})
    assert tasks.due() == {"actions"}
    tasks.again("actions")
    tasks.at_once("actions")  # there is more
    tasks.rest("actions", 6)
    tasks.ask({"actions"})
    now[0] += 5
    assert tasks.due() == {"processes"}
    now[0] += 1
    assert "actions" in tasks.due()
