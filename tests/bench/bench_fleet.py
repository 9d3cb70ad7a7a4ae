"""One look at an image of many users: how much memory it takes."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from tests.bench import machine, trees
from tests.bench.table import Row

USERS = 100
PER_USER = 50


def run(quick: bool) -> list[Row]:
    users = 10 if quick else USERS
    with tempfile.TemporaryDirectory(prefix="rollcall-fleet-") as place, machine.folder() as state:
        servers = trees.fleet(Path(place), users, PER_USER)
        command = machine.rollcall(machine.settings(state), "--once", "--root", place, "--format", "ndjson")
        output = Path(state, "output")
        start = time.perf_counter()
        with output.open("wb") as sink:
            process = subprocess.Popen([*command, "--no-deliver"], cwd=machine.REPOSITORY, stdout=sink)
            _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        with output.open() as lines:
            found = sum(json.loads(line)["kind"] == "mcp_server" for line in lines)
    if process.returncode or found != servers:
        raise RuntimeError(f"exit status {process.returncode}, {found} of {servers} servers")
    what = f"{users * PER_USER} configurations of {users} users"
    return [
        Row(f"{what}: peak resident", usage.ru_maxrss / 1024, "MB", goal=100),
        Row(f"{what}: duration", took, "s"),
    ]
