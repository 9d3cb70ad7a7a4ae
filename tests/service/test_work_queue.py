"""What the main loop is told to do, by whom, and when."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from agent.service.work_queue import Work, WorkQueue
from collectors.contract import Scope

ONE, TWO = Scope("configs", "dev", "/home/dev/a"), Scope("configs", "dev", "/home/dev/b")


def timed(agenda: WorkQueue, seconds: float) -> tuple[Work, float]:
    begun = time.monotonic()
    work = agenda.wait(begun + seconds)
    return work, time.monotonic() - begun


def later(seconds: float, do: Callable[..., None], *arguments: Any) -> None:
    threading.Timer(seconds, do, arguments).start()


def test_nothing_to_do_is_told_when_the_time_is_up_and_not_before() -> None:
    work, took = timed(WorkQueue(0.01), 0.1)
    assert work == Work(frozenset(), False, ())
    assert 0.1 <= took < 60


def test_a_scope_marked_a_thousand_times_in_a_burst_is_read_once_when_it_has_settled() -> None:
    agenda = WorkQueue(1)
    for _ in range(1000):
        agenda.mark(ONE)
    agenda.mark(TWO)
    work, took = timed(agenda, 600)
    assert work.scopes == {ONE, TWO}
    assert took < 60
    assert timed(agenda, 0.05)[0].scopes == frozenset()


def test_a_steady_stream_of_marks_does_not_put_the_reading_off_for_ever() -> None:
    agenda, ending = WorkQueue(0.1), threading.Event()

    def write() -> None:
        while not ending.wait(0.005):
            agenda.mark(ONE)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            work, took = timed(agenda, 600)
            assert work.scopes == {ONE}
            assert took < 60
    finally:
        ending.set()
        writer.join()


def test_what_need_not_settle_is_read_at_once_and_takes_along_what_waits() -> None:
    agenda = WorkQueue(500)
    agenda.mark(ONE)
    agenda.mark(TWO, settles=False)
    work, took = timed(agenda, 600)
    assert work.scopes == {ONE, TWO}
    assert took < 60


def test_a_mark_wakes_who_waits() -> None:
    agenda = WorkQueue(0.01)
    later(0.05, agenda.mark, ONE)
    work, took = timed(agenda, 600)
    assert work.scopes == {ONE}
    assert took < 60


def test_lost_events_mean_everything_and_do_not_forget_the_rest() -> None:
    agenda = WorkQueue(0.01)
    agenda.mark(ONE)
    agenda.mark(None)
    agenda.notice("delivery.misconfigured", "target central: HTTP 401")
    work, _ = timed(agenda, 5)
    assert work == Work(frozenset({ONE}), True, (("delivery.misconfigured", "target central: HTTP 401"),))
    assert timed(agenda, 0.02)[0] == Work(frozenset(), False, ())


def test_what_has_not_settled_when_the_time_is_up_waits_for_the_next_look() -> None:
    agenda = WorkQueue(2)
    agenda.mark(ONE)
    assert timed(agenda, 0.05)[0].scopes == frozenset()
    assert timed(agenda, 600)[0].scopes == {ONE}


def test_an_interrupt_ends_the_wait_and_one_that_comes_before_it_is_not_lost() -> None:
    agenda = WorkQueue(0.01)
    agenda.interrupt()
    assert timed(agenda, 600)[1] < 60
    later(0.05, agenda.interrupt)
    assert timed(agenda, 600)[1] < 60
    assert timed(agenda, 0.1)[1] >= 0.1


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs interval timers")
def test_a_signal_handler_may_interrupt_at_any_moment() -> None:
    agenda, seen = WorkQueue(0), []

    def handler(*_: object) -> None:
        seen.append(1)
        agenda.interrupt()

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            agenda.mark(ONE)
            agenda.wait(time.monotonic() + 0.001)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(seen) > 100


def test_what_becomes_dirty_during_a_rest_is_told_after_it_all_at_once() -> None:
    agenda = WorkQueue(0.0)
    agenda.rest(0.3)
    agenda.mark(ONE)
    later(0.1, agenda.mark, TWO, False)
    work, took = timed(agenda, 5)
    assert work.scopes == {ONE, TWO}
    assert 0.25 < took < 60


def test_looks_by_the_clock_with_rests_between_them_do_not_put_it_off_for_ever() -> None:
    agenda = WorkQueue(0.0)
    agenda.rest(0.1)
    agenda.mark(ONE)
    for _ in range(200):
        if agenda.wait(time.monotonic() + 0.01).scopes:
            return
        agenda.rest(0.1)
    raise AssertionError("it waits as long as looks by the clock come faster than rests end")


def test_a_rest_puts_off_neither_what_is_due_by_the_clock_nor_the_end() -> None:
    agenda = WorkQueue(0.0)
    agenda.rest(500)
    agenda.mark(ONE)
    work, took = timed(agenda, 0.1)
    assert (work.scopes, took < 60) == (frozenset(), True)
    later(0.05, agenda.interrupt)
    assert timed(agenda, 600)[1] < 60
