"""From a file on a machine to the receiver: whatever breaks on the way, the receiver ends with exactly the journal."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.running_daemon import QUICK, Record, RunningDaemon, materialised, target, wait_until
from tests.receivers.running import RunningReceiver

if TYPE_CHECKING:
    from conftest import Machine

UID = 54321
SCRIPT = "import sys\nfor line in sys.stdin:\n    pass\n"
FILES = (".claude.json", ".cursor/mcp.json", ".gemini/settings.json")


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[RunningReceiver]:
    started = RunningReceiver(tmp_path / "receiver").start()
    yield started
    started.kill()


@pytest.fixture
def daemon(machine: Machine) -> RunningDaemon:
    """Not started yet; its end is the end of the machine."""
    return RunningDaemon(machine)


class Editor:
    """Someone who edits configs in every way there is, at random but the same for the same seed."""

    def __init__(self, home: Path, seed: int) -> None:
        self._home = home
        self._random = random.Random(seed)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.edits = 0
        self._prepare()

    def __enter__(self) -> Editor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def edit(self) -> None:
        path = self._home / self._random.choice(FILES)
        way = self._random.randrange(10)
        if way == 0:
            path.unlink(missing_ok=True)
        elif way == 1:
            path.write_text('{"mcpServers": {"torn')
        elif way < 5:
            path.write_text(self._config())
        else:
            new = path.with_name("new")
            new.write_text(self._config())
            new.replace(path)
        self.edits += 1

    def finish(self) -> None:
        """A state in which every file can be read and holds something."""
        for name in FILES:
            (self._home / name).write_text(self._config())

    def _prepare(self) -> None:
        for name in FILES:
            (self._home / name).parent.mkdir(parents=True, exist_ok=True)
            os.chown((self._home / name).parent, UID, UID)
        self.finish()

    def _config(self) -> str:
        names = self._random.sample("abcdefgh", self._random.randint(1, 6))
        mcp = {name: {"command": "npx", "args": ["-y", f"{name}-mcp@1.{self._random.randrange(5)}"]} for name in names}
        return json.dumps({"mcpServers": mcp})

    def _run(self) -> None:
        while not self._ending.wait(self._random.uniform(0.005, 0.05)):
            self.edit()


def must_hold_exactly_the_journal(receiver: RunningReceiver, daemon: RunningDaemon) -> None:
    """Entry by entry the same bytes, each accepted once, none missing; and the inventory that follows from them."""
    held, journal = daemon.delivered(receiver), daemon.lines()
    assert [json.loads(line)["seq"] for line in held] == list(range(1, len(journal) + 1))
    assert held == journal
    database = sqlite3.connect(f"file:{receiver.folder / 'receiver.db'}?mode=ro", uri=True)
    (accepted,) = database.execute("SELECT sum(count) FROM batches").fetchone()
    ((head,),) = database.execute("SELECT head_hash FROM chains").fetchall()
    database.close()
    assert accepted == len(journal)
    own = sqlite3.connect(f"file:{daemon.state / 'journal.db'}?mode=ro", uri=True)
    assert own.execute("SELECT head_seq, head_hash FROM meta").fetchone() == (len(journal), head)
    own.close()
    verified = daemon.rollcall("audit", "verify")
    assert verified.status == 0, verified.stdout
    assert f"{len(journal)} entries" in verified.stdout.decode()


def must_equal_a_look_at_the_machine(receiver: RunningReceiver, daemon: RunningDaemon) -> None:
    # What changes faster than anybody reads is taken in once a minute.
    wait_until(lambda: daemon.delivered(receiver) and materialised(receiver) == daemon.once(), daemon.explain, 100)
    assert len(receiver.get("/v1/servers")) > 0


def test_half_an_hour_of_outage_in_half_a_minute_loses_and_doubles_nothing(
    daemon: RunningDaemon, receiver: RunningReceiver
) -> None:
    (daemon.home / "server.py").write_text(SCRIPT)
    started = {"mcpServers": {"mine": {"command": "/usr/bin/python3", "args": ["/home/dev/server.py"]}}}
    editor = Editor(daemon.home, seed=1)
    (daemon.home / ".mcp.json").write_text("{}")
    daemon.configure(QUICK + target(receiver))
    daemon.ready()

    def minute(*faults: Record, edits: int = 6) -> None:
        if faults:
            receiver.faults(*faults)
        process = daemon.machine.start({}, "/usr/bin/python3", "/home/dev/server.py")
        for _ in range(edits):
            editor.edit()
            time.sleep(0.06)
        assert process.stdin
        process.stdin.close()

    (daemon.home / ".kiro/settings").mkdir(parents=True)
    (daemon.home / ".kiro/settings/mcp.json").write_text(json.dumps(started))
    daemon.sees(lambda found: "mine" in found)
    minute()
    minute({"status": 429, "retry_after": "1"}, {"status": 500}, {"status": 503}, {"status": 503, "retry_after": "0"})
    minute({"drop": "before"}, {"drop": "after"}, {"drop": "after"}, {"drop": "before"})
    minute({"slow": 0.5}, {"drop": "after"}, {"status": 502}, {"status": 504})
    for _ in range(3):
        receiver.kill()
        minute()
        receiver.start()
        minute({"drop": "after"}, {"status": 500})
        time.sleep(0.3)
    receiver.faults({"slow": 0.4})
    minute(edits=2)
    receiver.kill()  # most likely in the midst of a batch
    assert daemon.alive
    receiver.start()
    editor.finish()
    wait_until(lambda: not daemon.inventory("instance"), daemon.explain, 100)
    must_equal_a_look_at_the_machine(receiver, daemon)
    must_hold_exactly_the_journal(receiver, daemon)
    kinds = [(entry["op"], (entry["record"] or {}).get("kind")) for entry in daemon.entries()]
    assert kinds.count(("discovered", "instance")) == kinds.count(("removed", "instance")) >= 5
    assert daemon.stop() == 0


def test_killed_at_fifty_random_moments_it_loses_and_doubles_nothing(
    daemon: RunningDaemon, receiver: RunningReceiver
) -> None:
    seed = time.time_ns()
    print("seed", seed)
    moments = random.Random(seed)
    # Without the looks at processes it starts twice as fast; what is killed is the same.
    still = '[collect]\ndisabled = ["processes", "sockets"]\n[daemon]\nheartbeat_seconds = 1\nsnapshot_seconds = 10\n'
    daemon.configure(still + target(receiver))
    with Editor(daemon.home, seed) as editor:
        for number in range(50):
            if number % 2:
                daemon.ready()
                time.sleep(moments.uniform(0, 0.4))
            else:
                daemon.start()
                time.sleep(moments.uniform(0.05, 1.0))
            daemon.kill()
    editor.finish()
    daemon.configure(still.replace("heartbeat_seconds = 1", "heartbeat_seconds = 3600") + target(receiver))
    daemon.ready()
    assert editor.edits > 500
    assert len(daemon.logged("daemon.started")) > 25
    must_equal_a_look_at_the_machine(receiver, daemon)
    must_hold_exactly_the_journal(receiver, daemon)
    assert daemon.stop() == 0


def test_a_flipped_byte_is_found_and_the_entry_named(daemon: RunningDaemon) -> None:
    Editor(daemon.home, seed=2)
    daemon.ready()
    assert daemon.stop() == 0
    journal, count = daemon.state / "journal.db", len(daemon.lines())
    for number in (1, count // 2, count):
        whole = journal.read_bytes()
        # Every entry, and nothing else in the file, ends with its number.
        end = f'"seq":{number}}}'.encode()
        assert whole.count(end) == 1
        place = whole.index(end) - random.Random(number).randrange(5, 60)
        journal.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        verdict = daemon.rollcall("audit", "verify")
        assert verdict.status == 1
        assert f"entry {number}: " in verdict.stdout.decode()
        assert "FAILED" in verdict.stdout.decode()
        journal.write_bytes(whole)
    assert daemon.rollcall("audit", "verify").status == 0


def test_the_snapshot_after_the_start_holds_everything_and_replaces_what_a_lost_journal_knew(
    daemon: RunningDaemon, receiver: RunningReceiver
) -> None:
    editor = Editor(daemon.home, seed=3)
    daemon.configure(QUICK + target(receiver))
    daemon.ready()
    daemon.delivered(receiver)
    entries = daemon.entries()
    begin, end = (next(e["seq"] for e in entries if e["op"] == op) for op in ("snapshot_begin", "snapshot_end"))
    told = {e["record"]["id"] for e in entries[: begin - 1] if e["op"] == "discovered"}
    assert {entry["record"]["id"] for entry in entries[begin : end - 1]} == told
    assert entries[end - 1]["record"]["status"] == "complete"
    assert sum(entries[end - 1]["record"]["counts"].values()) == len(told)
    assert materialised(receiver) == daemon.once()
    # The machine is set up anew: nothing tells that the old servers are gone but the new snapshot.
    assert daemon.stop() == 0
    shutil.rmtree(daemon.state)
    editor.finish()
    (daemon.home / FILES[0]).unlink()
    daemon.ready()
    wait_until(lambda: len(receiver.get("/v1/endpoints")) == 2, daemon.explain)
    chains = {chain["chain"]: chain["head_seq"] for chain in receiver.get("/v1/endpoints")}
    chain = daemon.entries()[0]["chain"]
    assert chain in chains
    wait_until(lambda: receiver.lines(chain) == daemon.lines(), daemon.explain)
    assert materialised(receiver) == daemon.once()
    assert daemon.stop() == 0


def test_the_heartbeat_has_the_digest_that_the_receiver_computes_from_its_records(
    daemon: RunningDaemon, receiver: RunningReceiver
) -> None:
    editor = Editor(daemon.home, seed=4)
    daemon.configure(QUICK + "[daemon]\nheartbeat_seconds = 1\n" + target(receiver))
    daemon.ready()
    daemon.delivered(receiver)
    digests: set[str] = set()

    def agree() -> bool:
        """On an inventory that is not one of those before."""
        (chain,) = receiver.get("/v1/endpoints")
        beats = [entry["record"]["inventory_digest"] for entry in daemon.entries() if entry["op"] == "heartbeat"]
        return bool(chain["up_to_date"]) and chain["digest"] == beats[-1] and chain["digest"] not in digests

    for _ in range(3):
        editor.finish()
        wait_until(agree, daemon.explain)
        digests.add(receiver.get("/v1/endpoints")[0]["digest"])
    beat = [entry["record"] for entry in daemon.entries() if entry["op"] == "heartbeat"][-1]
    (health,) = beat["targets"]
    assert health["name"] == "central"
    health = {collector["name"]: collector["ok"] for collector in beat["collectors"]}
    assert {"host", "processes", "configs", "sockets", "sessions", "actions"} <= health.keys()
    assert all(health.values()), health
    assert daemon.stop() == 0
