"""A daemon on a small private machine: started, killed, edited around, and compared with what its receiver holds."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.receivers.running import RunningReceiver

if TYPE_CHECKING:
    from conftest import Machine, Rollcall

Record = dict[str, Any]
QUICK = "[collect]\nprocess_seconds = 0.2\nsocket_seconds = 1\n"


def target(receiver: RunningReceiver, name: str = "central") -> str:
    """The settings of a target that is retried within a test's patience."""
    return (
        f'[[target]]\nname = "{name}"\nurl = "{receiver.url}"\ntoken_file = "{receiver.token_file}"\n'
        f'ca_file = "{receiver.ca_file}"\ntimeout = 5\nbackoff_cap = 0.3\n'
    )


def facts(record: Record) -> Record:
    """All of a record but when and by whom it was seen."""
    return {name: value for name, value in record.items() if name not in ("observed_at", "evidence")}


@dataclass
class RunningDaemon:
    """One state folder and, most of the time, a daemon that works in it. Its log goes on over restarts."""

    machine: Machine
    settings: str = QUICK
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        # One home only: what else lies on the real machine is neither read nor can it disturb.
        accounts = "root:x:0:0::/nonexistent:/bin/sh\ndev:x:54321:54321::/home/dev:/bin/sh\n"
        (self.machine.folder / "passwd").write_text(accounts)
        self.rollcall: Rollcall = self.machine.rollcall(self.settings)
        self.config = self.rollcall.folder / "config.toml"
        self.log_file = self.rollcall.folder / "stderr"

    @property
    def home(self) -> Path:
        return self.machine.home

    @property
    def state(self) -> Path:
        return self.rollcall.state

    def configure(self, settings: str) -> None:
        """Write other settings; the daemon reads them when it is started or told to."""
        self.config.write_text(f'[state]\ndir = "{self.rollcall.state}"\n{settings}')

    def start(self, env: Mapping[str, str] | None = None) -> RunningDaemon:
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                self.rollcall.arguments("run"), env={**self.rollcall.environment, **(env or {})},
                cwd=self.rollcall.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        return self

    def ready(self, env: Mapping[str, str] | None = None) -> RunningDaemon:
        """Started, and done with its first collection."""
        before = self.logged("daemon.started")
        self.start(env)
        wait_until(lambda: len(self.logged("daemon.started")) > len(before), self.explain)
        return self

    @property
    def pid(self) -> int:
        """The daemon's own process, below the word that entered the machine."""
        assert self.process
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        wait_until(lambda: self.alive and children.read_text(), self.explain)
        return int(children.read_text().split()[0])

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """`kill -9`, wherever it is in its work."""
        assert self.process
        self.signal(signal.SIGKILL)
        self.process.wait(60)

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        assert self.process
        self.signal(signal.SIGTERM)
        return self.process.wait(60)

    def lines(self) -> list[bytes]:
        """The journal's entries, as the bytes that are hashed."""
        path = self.state / "journal.db"
        if not path.exists():
            return []
        journal = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        try:
            return [row[0] for row in journal.execute("SELECT body FROM entries ORDER BY seq")]
        except sqlite3.OperationalError:  # between the making of the file and of its tables
            return []
        finally:
            journal.close()

    def entries(self) -> list[Record]:
        return [json.loads(line) for line in self.lines()]

    def inventory(self, kind: str) -> list[Record]:
        """Records of one kind that follow from the journal's changes, by id."""
        records: dict[str, Record] = {}
        for entry in self.entries():
            if entry["op"] in ("discovered", "changed"):
                records[entry["record"]["id"]] = entry["record"]
            elif entry["op"] == "removed":
                del records[entry["record"]["id"]]
        return [record for _, record in sorted(records.items()) if record["kind"] == kind]

    def servers(self) -> dict[str, Record]:
        return {server["name"]: server for server in self.inventory("mcp_server")}

    def sees(self, condition: Callable[[dict[str, Record]], object], seconds: float = 60) -> dict[str, Record]:
        """The servers as soon as they fulfil a condition."""
        wait_until(lambda: condition(self.servers()), self.explain, seconds)
        return self.servers()

    def logged(self, event: str) -> list[Record]:
        """Lines of the daemon's log with this event."""
        lines = self.log_file.read_text().splitlines() if self.log_file.exists() else []
        records = [json.loads(line) for line in lines if line.startswith("{")]
        return [record for record in records if record["event"] == event]

    def explain(self) -> str:
        log = self.log_file.read_text()[-2000:] if self.log_file.exists() else ""
        return f"alive: {self.alive}\n{log}\nservers: {sorted(self.servers())}"

    def once(self) -> dict[str, Record]:
        """Definitions and agents as `rollcall --once` finds them on the same machine, by id."""
        outcome = self.rollcall("--once", "--format", "ndjson", "--no-deliver")
        found = [*outcome.of("mcp_server"), *outcome.of("ai_agent")]
        return {record["id"]: facts(record) for record in found}

    def delivered(self, receiver: RunningReceiver, seconds: float = 60) -> list[bytes]:
        """What the receiver holds, once that is as much as the journal does."""

        def caught_up() -> bool:
            chains = receiver.get("/v1/endpoints")
            return bool(chains) and chains[0]["head_seq"] == len(self.lines()) > 0

        wait_until(caught_up, self.explain, seconds)
        (chain,) = receiver.get("/v1/endpoints")
        assert chain["holes"] == []
        return receiver.lines(chain["chain"])


def materialised(receiver: RunningReceiver) -> dict[str, Record]:
    """Definitions and agents that the receiver says exist, by id."""
    found = [*receiver.get("/v1/servers"), *receiver.get("/v1/agents")]
    return {record["id"]: facts(record) for record in found}


def wait_until(condition: Callable[[], object], explain: Callable[[], str] = str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.02)
