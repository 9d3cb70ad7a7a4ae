from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from agent.delivery import backoff as module
from agent.delivery.backoff import Backoff, backoff, patient, slow


def test_back_off_grows_to_its_cap_and_is_spread_over_the_whole_range() -> None:
    waits = [backoff(20, 300) for _ in range(500)]
    assert max(waits) <= 300
    assert max(waits) > 200
    assert min(waits) < 100
    assert max(backoff(1, 300) for _ in range(100)) <= 1
    assert backoff(10_000, 5) <= 5


def test_a_server_gets_at_least_the_time_it_asked_for() -> None:
    assert all(7 <= patient(7) <= 7.7 for _ in range(100))
    assert patient(0) >= 0.5


def test_waiting_for_a_person_is_slow_but_not_slower_than_the_cap() -> None:
    assert 12 <= slow(1, 300) <= 15
    assert 240 <= slow(50, 300) <= 300


SOON = module._SLICE - 5
"""Less than it would wait if nobody woke it, and longer than any machine takes over a wake."""


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def test_a_wake_before_the_wait_is_not_lost() -> None:
    waiting = Backoff()
    waiting.wake()
    assert seconds(waiting.idle) < SOON


def test_a_wake_ends_idling_but_not_a_rest() -> None:
    waiting = Backoff()
    threading.Timer(0.05, waiting.wake).start()
    assert seconds(waiting.idle) < SOON
    threading.Timer(0.01, waiting.wake).start()
    assert seconds(lambda: waiting.rest(0.3)) >= 0.29


def test_a_stop_ends_both() -> None:
    waiting = Backoff()
    threading.Timer(0.05, waiting.stop).start()
    assert seconds(lambda: waiting.rest(600)) < SOON
    assert seconds(waiting.idle) < SOON


def test_time_asleep_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    # A sleeping laptop is a wall clock that jumped while the steady one stood still; no test can suspend the machine.
    monkeypatch.setattr(module, "_SLICE", 0.05)
    start, real = time.perf_counter(), time.time
    monkeypatch.setattr(time, "time", lambda: real() + (3600 if time.perf_counter() - start > 0.1 else 0))
    assert seconds(lambda: Backoff().rest(600)) < SOON
