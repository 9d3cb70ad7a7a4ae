"""Each fault of the way with each HTTP target, through a real nginx: nothing is lost, and nothing doubled by its id.

`ROLLCALL_MATRIX=long` sends more, and with each fault on several times.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.delivery.contract import Retry
from agent.delivery.cursor import Cursor
from agent.delivery.sender import Sender
from agent.delivery.senders import make_sender
from agent.delivery.settings import TargetSettings
from agent.delivery.targets.registry import target_type
from agent.journal.journal import Journal
from tests.delivery.targets.every_kind import journal_of_everything
from tests.receivers.nginx import FAULTS, nginx
from tests.receivers.running import RunningReceiver
from tests.receivers.scripted_http import Request, scripted

LONG = os.environ.get("ROLLCALL_MATRIX") == "long"
PATHS = {"otlp": "/v1/logs", "ocsf": "/ocsf", "splunk_hec": "", "elastic": ""}


class Sink:
    """Takes what any of the targets sends, as often as it comes."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def __call__(self, request: Request) -> tuple[int, Any]:
        if request.path == "/v1/logs":
            for record in json.loads(request.body)["resourceLogs"][0]["scopeLogs"][0]["logRecords"]:
                (uid,) = [
                    pair["value"]["stringValue"] for pair in record["attributes"] if pair["key"] == "log.record.uid"
                ]
                self.ids.append(uid)
            return 200, {}
        lines = [json.loads(line) for line in request.body.splitlines()]
        if request.path == "/ocsf":
            self.ids += [event["metadata"]["uid"] for event in lines]
            return 200, {}
        if request.path.endswith("/event"):
            self.ids += [event["fields"]["rollcall_id"] for event in lines]
            return 200, {"code": 0}
        assert "/_bulk" in request.path
        statuses = [409 if action["create"]["_id"] in self.ids else 201 for action in lines[::2]]
        self.ids += [action["create"]["_id"] for action in lines[::2]]
        return 200, {"items": [{"create": {"status": status}} for status in statuses]}


Received = Callable[[], list[str]]


@contextmanager
def receiving(kind: str, folder: Path) -> Iterator[tuple[str, Received]]:
    """A receiver for a type of target, and the ids of the entries that it has."""
    if kind == "rollcall":
        receiver = RunningReceiver(folder / "receiver").start()
        try:
            address = receiver.url.removesuffix("/v1/batches")
            yield address, lambda: [named(line) for line in every_line(receiver)]
        finally:
            receiver.kill()
    else:
        sink = Sink()
        with scripted(sink) as server:
            yield server.url, lambda: list(dict.fromkeys(sink.ids))


def every_line(receiver: RunningReceiver) -> list[bytes]:
    return [line for chain in receiver.get("/v1/endpoints") for line in receiver.lines(chain["chain"])]


def named(line: bytes) -> str:
    entry = json.loads(line)
    return f"{entry['chain']}:{entry['seq']}"


def settings(kind: str, folder: Path, url: str, ca_file: Path) -> TargetSettings:
    given: dict[str, Any] = {"ca_file": ca_file, "timeout": 1.0, "backoff_cap": 0.1, "max_records": 25}
    if kind == "rollcall":
        return target_type(kind).settings.model_validate(
            {**given, "url": f"{url}/v1/batches", "token_file": folder / "receiver/token"}
        )
    return target_type(kind).settings.model_validate({**given, "url": url + PATHS[kind], "type": kind})


def grow(journal: Journal, count: int) -> None:
    with journal.transaction() as step:
        for number in range(count):
            step.append("notice", {"kind": "diagnostic", "id": str(number), "severity": "info"})


def wait_for(truth: Callable[[], object], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if truth():
            return True
        time.sleep(0.02)
    return False


def meets(fault: str, sender: Sender, journal: Journal) -> bool:
    """Whether delivery says so, once there is something to send; a connection that is open may still serve a while."""
    for _ in range(20):
        grow(journal, 1000 if LONG else 60)
        sender.wake()
        if wait_for(lambda: fault in (sender.status().last_error or ""), 3):
            return True
    return False


@pytest.mark.parametrize("kind", ["rollcall", *PATHS])
def test_no_fault_of_the_way_loses_or_doubles_an_entry(kind: str, journal: Journal, tmp_path: Path) -> None:
    journal_of_everything(journal)
    with receiving(kind, tmp_path) as (upstream, received), nginx(tmp_path / "nginx", upstream) as proxy:
        sender = make_sender(journal, settings(kind, tmp_path, proxy.url, proxy.ca_file))
        sender.start()
        assert sender.flush(30)
        for fault in list(FAULTS) * (5 if LONG else 1):
            proxy.fail(fault)
            assert meets(FAULTS[fault], sender, journal), (fault, sender.status())
            proxy.mend(fault)
            assert wait_for(lambda: sender.status().backlog == 0), (fault, sender.status())
        assert sender.stop()
        assert Cursor(journal, "central").dead_letters() == []
        assert received() == [named(line.body) for line in journal.lines(0, 1_000_000, 1 << 40)]


@pytest.mark.parametrize("kind", ["elastic", "file"])
def test_a_sender_killed_at_random_leaves_nothing_out(kind: str, journal: Journal, tmp_path: Path) -> None:
    grow(journal, 500)
    sink, out = Sink(), tmp_path / "out.ndjson"
    dice = random.Random(7)
    with scripted(sink) as server:
        given = {"url": server.url} if kind == "elastic" else {"path": str(out)}
        target = target_type(kind).settings.model_validate({"type": kind, "max_records": 400, **given})
        command = [sys.executable, str(Path(__file__).with_name("killed_sender.py"))]
        command += [str(tmp_path / "state/journal.db"), target.model_dump_json()]
        for _ in range(20 if LONG else 2):
            with subprocess.Popen(command) as process:
                before = Cursor(journal, target.name).load().done
                wait_for(lambda before=before: Cursor(journal, target.name).load().done > before, 20)  # type: ignore[misc]
                time.sleep(dice.uniform(0, 0.05))
                process.send_signal(signal.SIGKILL)
        sender = make_sender(journal, target)
        sender.start()
        assert sender.flush(60)
        sender.stop()
    expected = [named(line.body) for line in journal.lines(0, 1_000_000, 1 << 40)]
    found = [named(line) for line in out.read_bytes().splitlines()] if kind == "file" else list(dict.fromkeys(sink.ids))
    assert found == expected


@pytest.mark.parametrize("kind", ["rollcall", *PATHS, "syslog"])
def test_a_name_that_is_gone_is_tried_again(kind: str, journal: Journal) -> None:
    (batch, *_) = journal_of_everything(journal)
    where = {"host": "gone.invalid"} if kind == "syslog" else {"url": "https://gone.invalid/x"}
    found = target_type(kind)
    target = found.make(found.settings.model_validate({"type": kind, **where, "timeout": 5}), lambda *_: None)
    assert isinstance(target.send(batch), Retry)
