"""One look at an image of many users: how much memory it takes."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import machine, trees
from tests.bench.table import Row

USERS = 100
PER_USER = 50
_PEAK = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status)
"""


def run(quick: bool) -> list[Row]:
    users = 10 if quick else USERS
    with tempfile.TemporaryDirectory(prefix="rollcall-fleet-") as place, machine.folder() as state:
        servers = trees.fleet(Path(place), users, PER_USER)
        command = machine.rollcall(machine.settings(state), "--once", "--root", place, "--format", "ndjson")
        output = Path(state, "output")
        start = time.perf_counter()
        with output.open("wb") as sink:
            # Through a small process: a child's peak is never less than what its parent held when it was started.
            measured = [sys.executable, "-c", _PEAK, *command, "--no-deliver"]
            done = subprocess.run(measured, cwd=machine.REPOSITORY, stdout=sink, stderr=subprocess.PIPE, text=True)
        took = time.perf_counter() - start
        with output.open() as lines:
            found = sum(json.loads(line)["kind"] == "mcp_server" for line in lines)
    if done.returncode or found != servers:
        raise RuntimeError(f"exit status {done.returncode}, {found} of {servers} servers")
    what = f"{users * PER_USER} configurations of {users} users"
    return [
        Row(f"{what}: peak resident", int(done.stderr.split()[-1]) / 1024, "MB", goal=100),
        Row(f"{what}: duration", took, "s"),
    ]
