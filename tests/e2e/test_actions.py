"""What agents did, while the daemon runs and is killed: each action is in the journal once, whatever happens to it."""

from __future__ import annotations

import os
import random
import re
import shutil
import socket
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from agent.inventory.actions import Journaled
from agent.journal.journal import Journal
from agent.records.action import Action
from tests.collectors.telemetry.sent import payloads
from tests.collectors.transcripts.driven_homes import CLIENTS, EVER, truth
from tests.e2e.running_daemon import QUICK, RunningDaemon, wait_until

if TYPE_CHECKING:
    from conftest import Machine

UID = 54321
UNANSWERED = ("call_sub100103a7d13", "call_sub10010640008")
"""Calls of Hermes that got no result: they are told when they have been open for a day."""
SETTINGS = f"{QUICK}action_seconds = 0.2\nbackfill_days = 365\n"


@pytest.fixture
def daemon(machine: Machine) -> Iterator[RunningDaemon]:
    running = RunningDaemon(machine, SETTINGS)
    yield running
    if running.alive:
        assert running.stop() == 0


def actions(daemon: RunningDaemon) -> list[Action]:
    """Those of the journal as whole records."""
    path = daemon.state / "journal.db"
    if not path.exists():
        return []
    entry = next(entry for entry in daemon.entries() if entry["record"])
    journal = Journal.open(path, entry["record"]["endpoint_id"], readonly=True)
    try:
        return list(Journaled(journal).read(EVER))
    finally:
        journal.close()


def calls(daemon: RunningDaemon) -> Counter[str]:
    return Counter(str(action.call_id) for action in actions(daemon) if action.call_id)


def give(path: Path, data: bytes, *, append: bool = False) -> None:
    """As the user's client writes it."""
    missing = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab" if append else "wb") as file:
        file.write(data)
    for place in (path, *missing):
        os.chown(place, UID, UID)


def files(shared: Path, name: str) -> list[Path]:
    """Of a driven home, companions and definitions of servers first."""
    home = shared / "transcripts/homes" / name
    found = [path for path in home.rglob("*") if path.is_file() and "telemetry" not in path.parts]
    return sorted(path for path in found if path.name not in ("truth.json", "VERSION"))


def test_every_action_of_sixteen_clients_is_journaled_once_though_the_daemon_is_killed(
    daemon: RunningDaemon, shared: Path
) -> None:
    dice = random.Random(20261128)
    growing: list[tuple[Path, bytes]] = []
    for name in CLIENTS:
        home = shared / "transcripts/homes" / name
        for path in files(shared, name):
            place = daemon.home / path.relative_to(home)
            if path.suffix == ".jsonl":
                growing.append((place, path.read_bytes()))
            else:
                give(place, path.read_bytes())
    daemon.ready()
    written = Counter[Path]()
    for turn in range(6):
        for place, data in growing:
            # Lines are cut anywhere, as they are while they are written.
            end = len(data) if turn == 5 else dice.randint(written[place], len(data))
            give(place, data[written[place] : end], append=True)
            written[place] = end
        time.sleep(dice.uniform(0.1, 0.6))
        if turn < 5:
            daemon.kill()
            daemon.ready()
    expected = {id: action for name in CLIENTS for id, action in truth(shared, name).items() if id not in UNANSWERED}

    def missing() -> str:
        return f"{sorted(expected.keys() - calls(daemon).keys())}\n{daemon.explain()}"

    wait_until(lambda: calls(daemon).keys() >= expected.keys(), missing)
    time.sleep(1)
    assert calls(daemon) == Counter(expected.keys())
    for action in actions(daemon):
        if action.call_id:
            assert action.action == expected[action.call_id]["action"]
            assert action.result in (expected[action.call_id]["result"], "unknown")


def test_what_was_told_is_not_told_again_by_a_fork_a_rewrite_or_a_truncation(
    daemon: RunningDaemon, shared: Path
) -> None:
    source = next((shared / "transcripts/homes/claude/.claude/projects").rglob("11111111*.jsonl")).read_bytes()
    place = daemon.home / ".claude/projects/-p/one.jsonl"
    give(place, source)
    daemon.ready()
    wait_until(lambda: len(calls(daemon)) == 19, daemon.explain)
    give(place.with_name("fork.jsonl"), source.replace(b"11111111-aaaa", b"22222222-bbbb"))
    give(place, source[: len(source) // 2])
    time.sleep(1)
    shutil.move(place, place.with_name("two.jsonl"))
    give(place, source)
    time.sleep(1)
    daemon.kill()
    daemon.ready()
    time.sleep(1)
    assert set(calls(daemon).values()) == {1} and len(calls(daemon)) == 19


def test_only_what_happens_from_the_first_start_on_is_told(machine: Machine, shared: Path) -> None:
    daemon = RunningDaemon(machine, f"{QUICK}action_seconds = 0.2\n")
    source = next((shared / "transcripts/homes/claude/.claude/projects").rglob("11111111*.jsonl")).read_bytes()
    place = daemon.home / ".claude/projects/-p/one.jsonl"
    give(place, source)
    os.utime(place, (1.7e9, 1.7e9))
    daemon.ready()
    now = b'"timestamp":"%s"' % datetime.now(UTC).isoformat().encode()
    lines = [line for line in source.splitlines(keepends=True) if b"toolu_main000024aeec" in line]
    new = re.sub(rb'"timestamp":"[^"]+"', now, b"".join(lines)).replace(b"toolu_main000024aeec", b"toolu_new")
    give(place, new, append=True)
    wait_until(lambda: calls(daemon), daemon.explain)
    assert calls(daemon) == {"toolu_new": 1}
    assert daemon.stop() == 0


def test_a_line_is_journaled_at_once_though_nobody_looks_for_an_hour(machine: Machine, shared: Path) -> None:
    daemon = RunningDaemon(machine, f"{QUICK}action_seconds = 3600\nbackfill_days = 365\n")
    source = next((shared / "transcripts/homes/claude/.claude/projects").rglob("11111111*.jsonl")).read_bytes()
    place = daemon.home / ".claude/projects/-p/one.jsonl"
    lines = [line for line in source.splitlines(keepends=True) if b"toolu_main000024aeec" in line]
    daemon.ready()
    for number, path in enumerate((place, place, place.parents[1] / "-q/two.jsonl"), 1):
        give(path, b"".join(lines).replace(b"toolu_main000024aeec", b"toolu_%d" % number), append=True)
        wait_until(lambda number=number: len(calls(daemon)) == number, daemon.explain)
    assert daemon.stop() == 0


def test_a_client_can_be_left_out_and_another_only_be_counted(daemon: RunningDaemon, shared: Path) -> None:
    daemon.configure(SETTINGS + 'client_actions = { pi = "off", kimi-cli = "counts" }\n')
    for name in ("pi", "kimi", "claude"):
        for path in files(shared, name):
            give(daemon.home / path.relative_to(shared / "transcripts/homes" / name), path.read_bytes())
    daemon.ready()
    wait_until(lambda: len(calls(daemon)) >= 54, daemon.explain)
    time.sleep(1)
    records = [entry["record"] for entry in daemon.entries() if entry["op"] == "action"]
    assert {record["agent"] for record in records if record["kind"] == "action"} == {"claude-code"}
    counted = [record for record in records if record["kind"] == "action_count"]
    assert {record["agent"] for record in counted} == {"kimi-cli"}
    assert sum(n for record in counted for kind, n in record["actions"].items() if kind != "session_start") == 24


def test_what_follows_from_actions_is_in_the_inventory_and_in_findings(daemon: RunningDaemon, shared: Path) -> None:
    daemon.configure(SETTINGS + "learn_days = 0\n")
    home = shared / "transcripts/homes/claude"
    for path in files(shared, "claude"):
        give(daemon.home / path.relative_to(home), path.read_bytes())
    daemon.ready()
    wait_until(lambda: len(calls(daemon)) >= 54, daemon.explain)
    wait_until(lambda: daemon.inventory("supervision"), daemon.explain)
    (record,) = daemon.inventory("supervision")
    assert (record["agent"], record["owner"], record["calls"]) == ("claude-code", "dev", 54)
    assert {mode["mode"]: mode["sessions"] for mode in record["modes"]} == {
        "default": 3, "dontAsk": 1, "bypassPermissions": 1, "acceptEdits": 1,
    }  # fmt: skip
    assert record["first_bypass"].startswith("b7c86391")
    assert record["servers_called"] == ["probe-stdio", "team_kb"]
    assert record["unasked"] == round(21 / 44, 3)
    daemon.kill()
    daemon.ready()
    time.sleep(1)
    assert daemon.inventory("supervision") == [record]
    status = daemon.rollcall("status").stdout.decode()
    assert "actions of claude-code (dev) in /home/dev/proj: 54, asked nobody about 48%" in status


def test_telemetry_and_transcript_make_one_action_though_the_daemon_is_killed_between(
    daemon: RunningDaemon, shared: Path
) -> None:
    port = free_port()
    daemon.configure(f"{SETTINGS}telemetry_port = {port}\n")
    daemon.ready()
    requests = list(payloads(shared, "claude"))
    for path, body in requests[: len(requests) // 2]:
        send(port, path, body)
    daemon.kill()
    daemon.ready()
    home = shared / "transcripts/homes/claude"
    for path in files(shared, "claude"):
        give(daemon.home / path.relative_to(home), path.read_bytes())
    for path, body in requests:  # the first ones once more, as who got no answer does
        send(port, path, body)
    expected = truth(shared, "claude")
    wait_until(lambda: calls(daemon).keys() >= expected.keys(), daemon.explain)
    known = [action for action in actions(daemon) if action.call_id in expected]
    assert Counter(action.call_id for action in known) == Counter(expected.keys())
    assert Counter(action.told_by for action in known) == {("transcript", "telemetry"): 25, ("transcript",): 29}
    assert {action.owner for action in known} == {"dev"}


def send(port: int, path: str, body: bytes) -> None:
    """As a process of the account does; the answer comes when all of it is in the journal."""
    "".encode("idna")  # loaded now: the account cannot read where Python lies
    os.seteuid(UID)
    try:
        headers = {"content-type": "application/json"}
        assert httpx.post(f"http://127.0.0.1:{port}{path}", content=body, headers=headers, timeout=60).is_success
    finally:
        os.seteuid(0)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
