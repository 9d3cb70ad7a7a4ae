"""`rollcall --once` against the import of the six fixed dependencies, `rollcall --version` against Python alone."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from tests.bench import home, machine
from tests.bench.table import Row

PROCESSES = 300


def run(quick: bool) -> list[Row]:
    """Both in turn, so that other load on the machine slows both; the first, which compiles, does not count."""
    home.make(machine.HOME, machine.UID)
    with machine.sleepers(PROCESSES), machine.folder() as place:
        once = machine.rollcall(machine.settings(place), "--once", "--no-deliver", "--format", "ndjson")
        _check(subprocess.run(once, cwd=machine.REPOSITORY, capture_output=True, check=True).stdout)
        imports = [sys.executable, "-c", machine.SIX_IMPORTS]
        pairs = [(_seconds(once), _seconds(imports)) for _ in range(4 if quick else 26)][1:]
    ours, theirs = zip(*pairs, strict=True)
    version, bare = [sys.executable, "-m", "agent", "--version"], [sys.executable, "-c", "pass"]
    answers, starts = zip(*((_seconds(version), _seconds(bare)) for _ in range(10 if quick else 40)), strict=True)
    name = "six imports"
    return [
        Row("--once, wall, median", median(ours) * 1e3, "ms", median(theirs) * 1e3, name, 3, False, True),
        Row("--once, wall, fastest", min(ours) * 1e3, "ms", min(theirs) * 1e3, name),
        Row("--version, fastest", min(answers) * 1e3, "ms", min(starts) * 1e3, "python -c pass", 2.5, False, True),
    ]


def _seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=machine.REPOSITORY, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def _check(output: bytes) -> None:
    """Fast because it found nothing would be no result."""
    records = [json.loads(line) for line in output.splitlines()]
    found = {record["name"] for record in records if record["kind"] == "mcp_server"}
    sources = {record["source"]["path"] for record in records if record["kind"] == "mcp_server"}
    if found != home.NAMES or len(sources) != len(home.FILES):
        raise RuntimeError(f"expected {len(home.NAMES)} servers in {len(home.FILES)} files: {found ^ home.NAMES}")
    if len(list(Path("/proc").glob("[0-9]*"))) < PROCESSES:
        raise RuntimeError("the processes are gone")
