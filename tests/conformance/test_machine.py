"""The small machines themselves: what was started on one ends with whoever started it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conformance.machine import REPOSITORY, missing

_STARTS = """
import sys, time
from pathlib import Path
from tests.conformance.combination import Combination
from tests.conformance.machine import Machine
Path(sys.argv[1], "etc").mkdir()
machine = Machine(Path(sys.argv[1]))
place = machine.place(Combination("x"))
place.start(["sh", "-c", "setsid sleep 98765.4321 & sleep 98765.4321"], {"PATH": "/usr/bin:/bin"})
print("started", flush=True)
time.sleep(60)
"""


def sleepers() -> int:
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    return sum(line.startswith(b"sleep\x0098765.4321") for line in lines)


def test_a_killed_suite_leaves_nothing_behind(tmp_path: Path) -> None:
    if why := missing():
        pytest.skip(why)
    with subprocess.Popen(
        [sys.executable, "-c", _STARTS, str(tmp_path)], cwd=REPOSITORY, stdout=subprocess.PIPE
    ) as suite:
        assert suite.stdout and suite.stdout.readline() == b"started\n"
        deadline = time.monotonic() + 30
        while sleepers() < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert sleepers() == 2
        suite.kill()
    while sleepers() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sleepers() == 0
