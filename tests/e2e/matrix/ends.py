"""What stands at the other end of each type of target, and the faults that it can have."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import termios
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psutil

from agent.delivery.settings import TargetSettings
from agent.delivery.targets.registry import target_type
from tests.e2e.running_daemon import wait_until
from tests.receivers import rsyslog as syslog_server
from tests.receivers.nginx import FAULTS, NAME, nginx
from tests.receivers.running import RunningReceiver
from tests.receivers.scripted_http import Request, scripted

LONG = os.environ.get("ROLLCALL_MATRIX") == "long"
PATHS = {"otlp": "/v1/logs", "ocsf": "/ocsf", "splunk_hec": "", "elastic": ""}
KINDS = ("rollcall", *PATHS, "syslog", "file", "stdout")


class Faulty(Protocol):
    """A server that can be made to fail."""

    def fail(self, fault: str) -> None: ...
    def mend(self, fault: str) -> None: ...


@dataclass
class End:
    """The other end, as a test needs it."""

    settings: TargetSettings
    received: Callable[[], list[str]]
    """`chain:seq` of what has come, as often as it came."""
    server: Faulty
    faults: Mapping[str, str | None]
    """What can be switched on, and what delivery says of it; None: nothing, it just takes longer."""
    hang_up: Callable[[], None] | None = None
    """Close every connection; None where there is none, and no name either."""
    stdout: int | None = None
    once: bool = False
    """Whether the other end itself sees to it that each entry is there once."""
    ordered: bool = True
    authorization: Callable[[], str | None] = lambda: None
    """What the last request showed."""


@contextmanager
def other_end(kind: str, folder: Path) -> Iterator[End]:
    """Runs until the context ends."""
    make = {"rollcall": _collector, "syslog": _syslog, "file": _file, "stdout": _stdout}.get(kind)
    with make(folder) if make else _sink(kind, folder) as end:
        yield end


def settings(kind: str, **given: Any) -> TargetSettings:
    common = {"type": kind, "backoff_cap": 0.1, "max_records": 100 if LONG else 25}
    return target_type(kind).settings.model_validate({**common, **given})


def named(line: bytes) -> str:
    entry = json.loads(line)
    return f"{entry['chain']}:{entry['seq']}"


@contextmanager
def _collector(folder: Path) -> Iterator[End]:
    receiver = RunningReceiver(folder / "receiver").start()
    try:
        with nginx(folder / "nginx", receiver.url.removesuffix("/v1/batches")) as proxy:
            given = {"url": f"https://{NAME}:{proxy.port}/v1/batches", "token_file": receiver.token_file}
            found = settings("rollcall", ca_file=proxy.ca_file, timeout=1.0, **given)

            def received() -> list[str]:
                chains = receiver.get("/v1/endpoints")
                return [named(line) for chain in chains for line in receiver.lines(chain["chain"])]

            yield End(found, received, proxy, FAULTS, proxy.hang_up, once=True)
    finally:
        receiver.kill()


@contextmanager
def _sink(kind: str, folder: Path) -> Iterator[End]:
    sink = _Sink()
    with scripted(sink) as server, nginx(folder / "nginx", server.url) as proxy:
        url = f"https://{NAME}:{proxy.port}{PATHS[kind]}"
        found = settings(kind, url=url, ca_file=proxy.ca_file, timeout=1.0)
        yield End(found, lambda: list(sink.ids), proxy, FAULTS, proxy.hang_up, authorization=lambda: sink.authorization)


class _Sink:
    """Takes what any of the targets over HTTP sends, as often as it comes."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.authorization: str | None = None
        self._known: set[str] = set()

    def __call__(self, request: Request) -> tuple[int, Any]:
        self.authorization = request.headers.get("authorization")
        if request.path == "/v1/logs":
            (resource,) = json.loads(request.body)["resourceLogs"]
            self._take([_uid(record) for record in resource["scopeLogs"][0]["logRecords"]])
            return 200, {}
        lines = [json.loads(line) for line in request.body.splitlines()]
        if request.path == "/ocsf":
            self._take([event["metadata"]["uid"] for event in lines])
            return 200, {}
        if request.path.endswith("/event"):
            self._take([event["fields"]["rollcall_id"] for event in lines])
            return 200, {"code": 0, "ackId": 1}
        if request.path.endswith("/ack"):
            return 200, {"acks": {"1": True}}
        assert "/_bulk" in request.path
        ids = [action["create"]["_id"] for action in lines[::2]]
        statuses = [409 if id_ in self._known else 201 for id_ in ids]
        self._take(ids)
        return 200, {"items": [{"create": {"status": status}} for status in statuses]}

    def _take(self, ids: list[str]) -> None:
        self.ids += ids
        self._known.update(ids)


def _uid(record: Mapping[str, Any]) -> str:
    (uid,) = [pair["value"]["stringValue"] for pair in record["attributes"] if pair["key"] == "log.record.uid"]
    return str(uid)


@contextmanager
def _syslog(folder: Path) -> Iterator[End]:
    with syslog_server.rsyslog(folder / "rsyslog") as server:
        found = settings("syslog", host=NAME, port=server.port, ca_file=server.folder / "ca.pem", timeout=1.0)

        def received() -> list[str]:
            return [named(message.partition("] ")[2].encode()) for message in server.messages()]

        # What was given up halfway may be read later than what was sent instead.
        yield End(found, received, server, syslog_server.FAULTS, server.hang_up, ordered=False)


class _Folder:
    """The folder that a file is written into."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.mkdir()

    def fail(self, fault: str) -> None:
        self._path.rename(self._path.with_name("elsewhere"))

    def mend(self, fault: str) -> None:
        self._path.with_name("elsewhere").rename(self._path)


@contextmanager
def _file(folder: Path) -> Iterator[End]:
    path = folder / "shipped/journal.ndjson"
    place = _Folder(path.parent)

    def received() -> list[str]:
        return [named(line) for line in path.read_bytes().splitlines()] if path.exists() else []

    yield End(settings("file", path=path), received, place, {"gone": "No such file"}, once=True)


class _Reader:
    """Whoever reads a pipe into a file: it may be killed, or not read for a while."""

    def __init__(self, folder: Path) -> None:
        self._pipe, self.into = folder / "pipe", folder / "read"
        os.mkfifo(self._pipe)
        self._begin()
        self.writer = os.open(self._pipe, os.O_WRONLY)

    def fail(self, fault: str) -> None:
        # What a reader has in hand when it dies is its own loss: it dies while it waits for more.
        wait_until(self._has_read_all)
        self._process.send_signal(signal.SIGKILL if fault == "killed" else signal.SIGSTOP)
        if fault == "killed":
            self._process.wait()

    def mend(self, fault: str) -> None:
        if fault == "killed":
            self._begin()
        else:
            self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        os.close(self.writer)
        self._process.kill()
        self._process.wait()

    def _has_read_all(self) -> bool:
        waiting = fcntl.ioctl(self.writer, termios.FIONREAD, bytes(4))
        return not any(waiting) and psutil.Process(self._process.pid).status() == psutil.STATUS_SLEEPING

    def _begin(self) -> None:
        with self.into.open("ab") as into:
            self._process = subprocess.Popen(["cat", self._pipe], stdout=into)


@contextmanager
def _stdout(folder: Path) -> Iterator[End]:
    reader = _Reader(folder)
    try:

        def received() -> list[str]:
            # What was cut off ends with the next attempt, which begins on a line of its own.
            lines = reader.into.read_bytes().splitlines()
            return [named(line) for line in lines if line.endswith(b"}")]

        faults = {"killed": "Broken pipe", "slow": None}
        yield End(settings("stdout"), received, reader, faults, stdout=reader.writer)
    finally:
        reader.close()
