"""A journal that may keep little goes on, however much changes between two snapshots."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.e2e.running_daemon import QUICK, RunningDaemon, wait_until

if TYPE_CHECKING:
    from conftest import Machine

pytestmark = pytest.mark.timeout(300)
SERVERS, ROUNDS = 40, 11
"""Each round changes all servers: together more than the journal may hold."""


def test_what_came_since_the_last_snapshot_is_cut_behind_a_new_one(machine: Machine) -> None:
    def rewrite(number: int) -> None:
        entry = {"command": "npx", "args": ["-y", f"@example/server@{number}.0.0"]}
        new = machine.home / ".new"
        new.write_text(json.dumps({"mcpServers": {f"s{n}": entry for n in range(SERVERS)}}))
        new.replace(machine.home / ".cursor/mcp.json")

    def holds(wanted: set[str]) -> bool:
        return {server["args"][1] for server in daemon.servers().values()} == wanted

    (machine.home / ".cursor").mkdir()
    rewrite(0)
    daemon = RunningDaemon(machine, f"{QUICK}[journal]\nkeep_bytes = 1_048_576\n").ready()
    try:
        for number in range(1, ROUNDS + 1):
            rewrite(number)
            wanted = {f"@example/server@{number}.0.0"}
            wait_until(partial(holds, wanted), daemon.explain, 60)
        with closing(sqlite3.connect(f"file:{daemon.state}/journal.db?mode=ro", uri=True)) as journal:
            assert journal.execute("SELECT cut_seq FROM meta").fetchone()[0] > 0, "it was full, and went on"
        assert os.path.getsize(daemon.state / "journal.db") < 2 * 1_048_576
        assert daemon.rollcall("audit", "verify").status == 0
    finally:
        daemon.stop()
