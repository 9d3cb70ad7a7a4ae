"""What the journal of a developer's laptop grows to in a year: a day's entries, as they are stored, 365 times.

The day: a heartbeat every 5 minutes and a checkpoint every 15, one snapshot; twelve changes of definitions with what
follows from each; 60 servers and agents that start and end; 1,000 actions in 8 sessions. Records are those of a real
look at the home that the other benchmarks use.
"""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.inventory.actions import ActionLog
from agent.inventory.store import append_evidence, as_json
from agent.journal.checkpoints import Checkpoints
from agent.journal.journal import FILE, Journal, Transaction
from agent.journal.keys import load_keys
from agent.journal.settings import JournalSettings
from agent.records import Action, Evidence, Heartbeat
from agent.records.heartbeat import CollectorHealth, OwnUse
from collectors.events import Batch
from tests.bench import home, machine
from tests.bench.table import Row

ENDPOINT = "e" * 32
_YEAR = 365
_SEEN = Evidence(collector="rollcall", confidence="confirmed")
_FOLLOWS = ("mcp_server", "ai_agent", "connection", "approval", "finding", "finding")
"""Kinds of the records that one changed definition changes."""


def run(quick: bool) -> list[Row]:
    days = 2 if quick else 20
    with machine.folder() as place:
        kinds = _look(place)
        return [
            Row(f"journal: a year, {name}", size * _YEAR / 1e6, "MB", goal=1024**3 / 1e6, strictly=False)
            for name, size in (
                ("nobody at work", _day_of(place / "idle", {}, days)),
                ("a developer every day", _day_of(place / "busy", kinds, days)),
            )
        ]


Kinds = dict[str, list[dict[str, Any]]]


def _look(place: Path) -> Kinds:
    """What is found in the home, by kind."""
    home.make(machine.HOME, machine.UID)
    once = machine.rollcall(machine.settings(place), "--once", "--no-deliver", "--format", "ndjson")
    output = subprocess.run(once, cwd=machine.REPOSITORY, capture_output=True, check=True).stdout
    kinds: Kinds = {}
    for record in map(json.loads, output.splitlines()):
        kinds.setdefault(record["kind"], []).append(record)
    return kinds


def _day_of(folder: Path, kinds: Kinds, days: int) -> float:
    """Bytes of the file for each day."""
    journal = Journal.open(folder / FILE, ENDPOINT)
    checkpoints, log = Checkpoints(journal, load_keys(folder), JournalSettings()), ActionLog(journal)
    checkpoints.start()
    empty = _size(journal)
    for day in range(days):
        for number in range(288):
            with journal.transaction() as step:
                append_evidence(step, "heartbeat", _heartbeat(number))
                if kinds:
                    _work(step, log, kinds, day * 288 + number)
                if number % 3 == 0:
                    checkpoints.append(step, "interval")
        with journal.transaction() as step:
            for op in ("snapshot_begin", "snapshot_end"):
                append_evidence(step, op, {"kind": "snapshot", "inventory_digest": "d" * 64, "records": 300})
    grown = (_size(journal) - empty) / days
    journal.close()
    return grown


def _work(step: Transaction, log: ActionLog, kinds: Kinds, number: int) -> None:
    """Of a day's 288 parts 250 bring four actions, 60 a start and an end, twelve a change."""
    part = number % 288
    if part % 24 == 0:
        for kind in _FOLLOWS:
            append_evidence(step, "changed", kinds[kind][part % len(kinds[kind])])
    if part < 60:
        instance = kinds["mcp_server"][part % len(kinds["mcp_server"])]
        append_evidence(step, "discovered", instance)
        append_evidence(step, "removed", instance)
    if part < 250:
        log.append(step, Batch(events=tuple(_action(number * 4 + call, part // 32) for call in range(4))))


def _heartbeat(number: int) -> dict[str, Any]:
    now = datetime.now(UTC)
    health = CollectorHealth(name="processes", ok=True, last_success=now.isoformat(), seconds=0.01, records=60)
    heartbeat = Heartbeat(
        endpoint_id=ENDPOINT,
        evidence=_SEEN,
        observed_at=now,
        rollcall_version="0.1.0",
        uptime_seconds=number * 300.0,
        inventory_digest="d" * 64,
        journal_head=number,
        collectors=(health,) * 7,
        own_use=OwnUse(cpu_share=0.01, resident_bytes=6 * 10**7, descriptors=20, threads=4, state_bytes=10**7),
    )
    return as_json(heartbeat)


def _action(number: int, session: int) -> Action:
    return Action(
        endpoint_id=ENDPOINT,
        owner="alice",
        evidence=Evidence(collector="actions", source="/home/alice/.claude/projects/-home-alice-work-shop/s.jsonl"),
        observed_at=datetime.now(UTC),
        agent="claude-code",
        client_version="2.1.0",
        project="/home/alice/src/shop",
        model="a-model-of-today",
        mode="default",
        action="shell",
        session_id=f"0b9b6f0e-6d8f-4d0e-9a53-{session:012d}",
        call_id=f"toolu_{number:024d}",
        tool="Bash",
        programs=("git",),
        duration_ms=1_234,
        decision="user",
        result="ok",
    )


def _size(journal: Journal) -> int:
    with journal.reading() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        pages, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages * size)
