"""Every attack at once beside bob's ordinary work: short here, an hour with

    ROLLCALL_HOSTILE_SECONDS=3600 .venv/bin/python -m pytest -s tests/hostile/test_hour.py

which prints what the daemon took all along, and how long each change of bob's took to reach the journal.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import subprocess
import time

import pytest

from tests.hostile.curve import HEAD, Curve
from tests.hostile.everything import everything
from tests.hostile.ordinary_work import OrdinaryWork
from tests.hostile.test_collector import DRIP, TARGET
from tests.hostile.world import _ENVIRONMENT, MOST_RESIDENT, SECONDS, Daemon, World

LONG = SECONDS or 20.0
SCALE = 100 if SECONDS else 30
BETWEEN = 15.0 if SECONDS else 1.5
"""Seconds between two changes of bob's."""
LAST = 120.0
"""What the last of them may take when the attacks are over."""
PORT = 4318
_TELEMETRY = f"[collect]\ntelemetry_port = {PORT}\n"
_LONG_TERM = 600.0


@pytest.mark.timeout(LONG + 900)
def test_everything_at_once_loses_none_of_bobs_changes(world: World) -> None:
    prepare(world)
    good = f'[[target]]\ntype = "file"\nname = "shipper"\npath = "{world.folder}/shipped"\n'
    world.python("root", DRIP)
    with world.daemon(_TELEMETRY + TARGET + good) as daemon:
        for attack in everything(SCALE, PORT).values():
            world.start(attack.by, "nice", "/usr/bin/python3", "-c", attack.script, *attack.words)
        work, curve = OrdinaryWork(world, daemon), Curve(daemon)
        go_on(daemon, work, curve)
        print(f"{said(work, curve)}\npeak {daemon.highest / 1024:.1f} MB")
        assert work.waiting == {}
        assert daemon.highest < MOST_RESIDENT
        assert max(sample.descriptors for sample in curve.samples) < 256
        assert max(sample.threads for sample in curve.samples) < 24
        assert curve.longest_stand < 60
        assert curve.samples[-1].disk < 150e6 + LONG * 5_000
        if LONG >= _LONG_TERM:
            assert curve.share < 1 / 3
        assert daemon.stop() == 0
    verified = subprocess.run(
        world.command("root", *daemon.arguments, "audit", "verify"), env=_ENVIRONMENT, capture_output=True, check=False
    )
    assert verified.returncode == 0, verified.stdout.decode()


def prepare(world: World) -> None:
    """The database and the pipe that change places."""
    database = sqlite3.connect(world.folder / "state.sqlite")
    database.execute("CREATE TABLE threads (cwd TEXT)")
    database.close()
    world.put("alice", {".codex/state_5.sqlite": (world.folder / "state.sqlite").read_bytes()})
    os.mkfifo(world.home("alice") / ".codex/pipe")
    world.own("alice")


def go_on(daemon: Daemon, work: OrdinaryWork, curve: Curve) -> None:
    """Bob works for so long as the test goes on, and then waits for what is still under way."""
    begun, deed_at, sample_at = time.monotonic(), 0.0, 0.0
    while (now := time.monotonic() - begun) < LONG or (work.waiting and now < LONG + LAST):
        assert daemon.alive, (daemon.folder / "log").read_text()[-2000:]
        if now >= deed_at and now < LONG:
            work.next()
            deed_at = now + BETWEEN
        if now >= sample_at:
            curve.take()
            print(curve.line if len(curve.samples) > 1 else f"\n{HEAD}", flush=True)
            sample_at = now + max(5.0, LONG / 60)
        work.look()
        curve.glance()
        time.sleep(0.25)
    curve.take()


def said(work: OrdinaryWork, curve: Curve) -> str:
    seconds = sorted(work.told.values()) or [0.0]
    worst = ", ".join(f"{name} {took:.0f} s" for name, took in sorted(work.told.items(), key=lambda one: -one[1])[:5])
    return (
        f"bob's changes: {len(work.told) + len(work.waiting)}, lost {len(work.waiting)} {sorted(work.waiting)[:20]}\n"
        f"until journaled: median {statistics.median(seconds):.1f} s, 95 of 100 within "
        f"{seconds[int(len(seconds) * 0.95) - 1]:.1f} s, longest {seconds[-1]:.1f} s ({worst})\n"
        f"share of a core {curve.share:.2f}, the loop stood at most {curve.longest_stand:.1f} s"
    )
