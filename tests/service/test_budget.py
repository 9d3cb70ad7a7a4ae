"""What the daemon takes is measured on itself; beyond its budget it slows down, and back only well below."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from agent.config.settings import BudgetSettings, DaemonSettings
from agent.inventory.settings import CollectSettings
from agent.service.budget import Budget
from agent.service.own_use import Measured, measure
from agent.service.schedule import Schedule


def test_the_measurement_is_of_this_process(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"x" * 5000)
    before = measure(tmp_path)
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(7)]
    ballast = bytearray(os.urandom(1 << 20)) * 40
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    after = measure(tmp_path)
    ended.set()
    thread.join()
    assert after.descriptors - before.descriptors == 7
    assert after.threads - before.threads == 1
    assert after.resident_bytes - before.resident_bytes > len(ballast) * 0.8
    assert after.cpu_seconds > before.cpu_seconds
    assert after.state_bytes == 5000
    for descriptor in held:
        os.close(descriptor)


def use(cpu: float = 0, memory: int = 50_000_000, descriptors: int = 30, state: int = 0) -> Measured:
    return Measured(cpu, memory, descriptors, 8, state)


def test_a_busy_minute_is_no_reason_and_a_busy_five_minutes_are() -> None:
    now, cpu, changes = 0.0, 0.0, []
    budget = Budget(BudgetSettings(cpu_share=0.4), lambda: now)
    for second in range(0, 1200, 30):
        now = float(second)
        cpu += 30 if second <= 60 or 300 <= second < 600 else 1
        if budget.judge(use(cpu)):
            changes.append((second, budget.exceeded is not None))
    assert [exceeded for _, exceeded in changes] == [True, False]
    (began, _), (ended, _) = changes
    assert 360 < began < 600 < ended
    assert budget.own_use() is not None


@pytest.mark.parametrize("beyond", [use(memory=100_000_001), use(descriptors=10**9), use(state=10**12)])
def test_it_goes_back_to_full_speed_only_well_below_the_limit(beyond: Measured) -> None:
    budget = Budget(BudgetSettings(memory_bytes=100_000_000), lambda: 0.0)
    assert not budget.judge(use(memory=99_000_000))
    assert budget.judge(beyond) and budget.exceeded
    assert budget.judge(use(memory=79_000_000)) and budget.exceeded is None
    budget.judge(use(memory=100_000_001))
    assert not budget.judge(use(memory=90_000_000)), "it does not go to and fro"


def test_slowness_stretches_the_looks_and_no_sign_of_life() -> None:
    schedule = Schedule(CollectSettings(process_seconds=1), DaemonSettings(heartbeat_seconds=300), lambda: 2)
    schedule.slowness = 5
    schedule.again("processes", "heartbeat")
    schedule.again("watchdog")
    assert schedule.next() > 4 + time.monotonic()
