from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from agent.delivery.sender import Sender
from agent.delivery.settings import TargetSettings
from agent.delivery.targets.registry import make_sender
from agent.journal.journal import Journal
from tests.receivers.running import RunningReceiver

ENDPOINT = "e" * 32


class Endpoint:
    """A machine that journals and delivers."""

    def __init__(self, receiver: RunningReceiver, path: Path, endpoint_id: str = ENDPOINT) -> None:
        self.journal = Journal.open(path, endpoint_id)
        settings = TargetSettings(
            url=receiver.url, token_file=receiver.token_file, ca_file=receiver.ca_file, backoff_cap=0.2
        )
        self.sender: Sender = make_sender(self.journal, settings)
        self.sender.start()

    def say(self, *entries: tuple[str, dict[str, Any] | None]) -> None:
        with self.journal.transaction() as tx:
            for op, record in entries:
                tx.append(op, record)  # type: ignore[arg-type]
        assert self.sender.flush(10)

    def close(self) -> None:
        self.sender.stop()
        self.journal.close()


@pytest.fixture
def endpoint(receiver: RunningReceiver, tmp_path: Path) -> Iterator[Endpoint]:
    machine = Endpoint(receiver, tmp_path / "j.db")
    yield machine
    machine.close()


def server(id_: str, **more: object) -> dict[str, Any]:
    facts = {"kind": "mcp_server", "id": id_, "owner": "alice", "name": id_, "endpoint_id": ENDPOINT}
    return {**facts, "observed_at": "2026-11-23T12:00:00Z", "evidence": {"collector": "configs"}, **more}


def names(receiver: RunningReceiver, query: str = "") -> list[str]:
    return sorted(record["name"] for record in receiver.get(f"/v1/servers{query}"))


def test_changes_make_the_current_inventory(receiver: RunningReceiver, endpoint: Endpoint) -> None:
    endpoint.say(("discovered", server("a")), ("discovered", server("b", owner="bob")), ("discovered", server("c")))
    endpoint.say(("changed", server("a", name="a2")), ("removed", server("c")), ("heartbeat", {"kind": "heartbeat"}))
    endpoint.say(("discovered", {"kind": "ai_agent", "id": "x", "agent": "codex"}))
    assert names(receiver) == ["a2", "b"]
    assert names(receiver, "?owner=bob") == ["b"]
    assert names(receiver, "?endpoint=other") == []
    assert [record["agent"] for record in receiver.get("/v1/agents")] == ["codex"]


def test_a_snapshot_replaces_the_inventory_only_when_it_is_complete(
    receiver: RunningReceiver, endpoint: Endpoint
) -> None:
    endpoint.say(("discovered", server("old")))
    endpoint.say(("snapshot_begin", None), ("snapshot", server("new")))
    assert names(receiver) == ["old"]
    endpoint.say(("snapshot_end", {"status": "partial"}))
    assert names(receiver) == ["old"]
    endpoint.say(("snapshot_begin", None), ("snapshot", server("new")), ("discovered", server("meanwhile")))
    assert names(receiver) == ["meanwhile", "old"]
    receiver.kill()
    receiver.start()
    endpoint.say(("snapshot_end", {"status": "complete"}))
    assert names(receiver) == ["meanwhile", "new"]


def test_a_snapshot_with_a_hole_in_it_is_not_promoted(receiver: RunningReceiver, endpoint: Endpoint) -> None:
    endpoint.say(("discovered", server("old")))
    receiver.faults({"poison": "venom"})
    endpoint.say(("snapshot_begin", None), ("snapshot", server("new")), ("snapshot", server("venom")))
    endpoint.say(("snapshot_end", {"status": "complete"}))
    assert names(receiver) == ["old"]


def test_a_new_chain_of_a_known_endpoint_takes_over_with_its_first_snapshot(
    receiver: RunningReceiver, endpoint: Endpoint, tmp_path: Path
) -> None:
    endpoint.say(("discovered", server("old")))
    fresh = Endpoint(receiver, tmp_path / "fresh.db")
    fresh.say(("snapshot_begin", None), ("snapshot", server("new")), ("snapshot_end", {"status": "complete"}))
    assert names(receiver) == ["new"]
    fresh.close()


def test_the_digest_tells_whether_the_inventory_is_up_to_date(receiver: RunningReceiver, endpoint: Endpoint) -> None:
    records = [server("b"), server("a")]
    total = hashlib.sha256()
    for record in sorted(records, key=lambda r: r["id"]):
        total.update(rfc8785.dumps({k: v for k, v in record.items() if k not in ("observed_at", "evidence")}))
    beat = {"kind": "heartbeat", "inventory_digest": total.hexdigest()}
    endpoint.say(*(("discovered", record) for record in records), ("heartbeat", beat))
    assert receiver.get("/v1/endpoints")[0]["up_to_date"] is True
    endpoint.say(("removed", records[0]))
    assert receiver.get("/v1/endpoints")[0]["up_to_date"] is False


def test_endpoints_are_kept_apart(receiver: RunningReceiver, endpoint: Endpoint, tmp_path: Path) -> None:
    other = Endpoint(receiver, tmp_path / "other.db", "f" * 32)
    endpoint.say(("discovered", server("same")))
    other.say(("discovered", server("same", endpoint_id="f" * 32)))
    other.say(("removed", server("same")))
    assert [record["endpoint_id"] for record in receiver.get("/v1/servers")] == [ENDPOINT]
    other.close()


def test_nothing_is_answered_without_the_token(receiver: RunningReceiver) -> None:
    receiver.token = "guess"
    for path in ("/v1/servers", "/v1/agents", "/v1/endpoints", "/v1/entries"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            receiver.get(path)
        assert caught.value.code == 401


@pytest.mark.parametrize("how", [["-m", "tests.receivers.rollcall_receiver"], ["tests/receivers/rollcall_receiver.py"]])
def test_it_can_be_started_by_hand(how: list[str], tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, *how, "--port", "0", "--db", str(tmp_path / "r.db")]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with subprocess.Popen(command, cwd=root, env=environment) as process:
        deadline = time.monotonic() + 10
        while not (tmp_path / "r.db-wal").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert process.poll() is None
        assert (tmp_path / "r.db").exists()
        process.terminate()
